#include "busbar/publisher.hpp"

#include <cstring>
#include <utility>

#include "client/src/publisher_core.hpp"

namespace busbar {
namespace {

[[noreturn]] void throw_empty_claim() {
  throw Error(Errc::misuse, "commit of an empty claim (moved from, committed, or never granted)");
}

Outcome copy_and_commit(Claim claim, std::span<const std::byte> message, std::uint32_t type) {
  if (!claim) return claim.outcome();
  if (!message.empty()) std::memcpy(claim.data(), message.data(), message.size());
  claim.set_type(type);
  claim.commit();
  return Outcome::ok;
}

}  // namespace

void Claim::commit(std::size_t used) {
  if (core_ == nullptr) throw_empty_claim();
  core_->commit(*this, used);
}

void Claim::abort() noexcept {
  if (core_ != nullptr) core_->abort(*this);
}

Publisher::Publisher(Publisher&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

Publisher& Publisher::operator=(Publisher&& other) noexcept {
  if (this != &other) {
    if (core_ != nullptr) core_->close();
    core_ = std::exchange(other.core_, nullptr);
  }
  return *this;
}

Publisher::~Publisher() {
  if (core_ != nullptr) core_->close();
}

PublisherCore& Publisher::core() const {
  if (core_ == nullptr) throw Error(Errc::misuse, "this Publisher has been moved from");
  return *core_;
}

Claim Publisher::claim(std::size_t size) {
  return core().claim(size);
}

Claim Publisher::try_claim(std::size_t size) {
  return core().try_claim(size);
}

Outcome Publisher::publish(std::span<const std::byte> message, std::uint32_t type) {
  return copy_and_commit(core().claim(message.size()), message, type);
}

Outcome Publisher::try_publish(std::span<const std::byte> message, std::uint32_t type) {
  return copy_and_commit(core().try_claim(message.size()), message, type);
}

void Publisher::commit(std::span<Claim> claims) {
  core().commit_all(claims);
}

Outcome Publisher::end() {
  return core().end();
}

void Publisher::interrupt() noexcept {
  if (core_ != nullptr) core_->interrupt();
}

const std::string& Publisher::channel() const {
  return core().mapping().channel();
}

std::size_t Publisher::max_message() const {
  return core().mapping().ring().max_message;
}

std::size_t Publisher::capacity() const {
  return core().mapping().ring().capacity;
}

}  // namespace busbar
