#include "busbar/publisher.hpp"

#include <utility>

#include "client/src/publisher_core.hpp"

namespace busbar {
namespace {

PublisherCore& core_of(const hot::Publishing* publishing) {
  if (publishing == nullptr) throw Error(Errc::misuse, "this Publisher has been moved from");
  return PublisherCore::of(*publishing);
}

// Out of the way of what is often done.
[[gnu::noinline]] detail::Claimed claim_waiting(hot::Publishing* publishing, std::size_t size) {
  return core_of(publishing).claim(size);
}

[[gnu::noinline]] detail::Claimed claim_not_waiting(hot::Publishing* publishing, std::size_t size) {
  return core_of(publishing).try_claim(size);
}

}  // namespace

namespace detail {

void throw_empty_claim() {
  throw Error(Errc::misuse, "commit of an empty claim (moved from, committed, or never granted)");
}

Claimed claim_slowly(hot::Publishing* publishing, std::size_t size) {
  ring::Room room;
  if (publishing != nullptr && PublisherCore::of(*publishing).claim_among_several(size, room))
      [[likely]] {
    return {room.position, Outcome::ok};
  }
  return claim_waiting(publishing, size);
}

Claimed try_claim_slowly(hot::Publishing* publishing, std::size_t size) {
  ring::Room room;
  if (publishing != nullptr && PublisherCore::of(*publishing).claim_among_several(size, room))
      [[likely]] {
    return {room.position, Outcome::ok};
  }
  return claim_not_waiting(publishing, size);
}

void commit_slowly(hot::Publishing& publishing, std::uint64_t position, std::size_t size,
                   std::size_t used, std::uint32_t type) {
  PublisherCore& core = PublisherCore::of(publishing);
  if (!core.commit_among_several({position, size}, used, type)) [[unlikely]]
    core.commit({position, size}, used, type);
}

void abort(hot::Publishing& publishing, std::uint64_t position, std::size_t size) noexcept {
  PublisherCore::of(publishing).abort({position, size});
}

void heed_calls(hot::Publishing& publishing) {
  PublisherCore::of(publishing).heed_calls();
}

}  // namespace detail

Publisher::Publisher(PublisherCore* core) noexcept : publishing_(&core->publishing()) {}

Publisher::Publisher(Publisher&& other) noexcept
    : publishing_(std::exchange(other.publishing_, nullptr)) {}

Publisher& Publisher::operator=(Publisher&& other) noexcept {
  if (this != &other) {
    if (publishing_ != nullptr) core().close();
    publishing_ = std::exchange(other.publishing_, nullptr);
  }
  return *this;
}

Publisher::~Publisher() {
  if (publishing_ != nullptr) core().close();
}

PublisherCore& Publisher::core() const {
  return core_of(publishing_);
}

void Publisher::commit(std::span<Claim> claims) {
  core().commit_all(claims);
}

Outcome Publisher::end() {
  return core().end();
}

void Publisher::interrupt() noexcept {
  if (publishing_ != nullptr) core().interrupt();
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
