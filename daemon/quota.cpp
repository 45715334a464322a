#include "daemon/quota.hpp"

namespace busbar::daemon {

Quota::Charge& Quota::Charge::operator=(Charge&& other) noexcept {
  if (this != &other) {
    refund();
    quota_ = std::exchange(other.quota_, nullptr);
    bytes_ = other.bytes_;
  }
  return *this;
}

void Quota::Charge::refund() noexcept {
  if (quota_ != nullptr) quota_->used_ -= bytes_;
  quota_ = nullptr;
}

std::optional<Quota::Charge> Quota::charge(std::uint64_t bytes) noexcept {
  if (bytes > left()) return std::nullopt;
  return take(bytes);
}

Quota::Charge Quota::take(std::uint64_t bytes) noexcept {
  used_ += bytes;
  return Charge(this, bytes);
}

}  // namespace busbar::daemon
