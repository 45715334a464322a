#include "config/descriptor_need.hpp"

namespace busbar::config {
namespace {

constexpr std::uint64_t kOfAClient = 2;   // its socket, its pidfd
constexpr std::uint64_t kOfAChannel = 4;  // both segments, each for writing and for reading
constexpr std::uint64_t kOwn = 32;

}  // namespace

std::uint64_t descriptor_need(const Limits& limits) noexcept {
  return kOfAClient * limits.clients + kOfAChannel * limits.channels + kOwn;
}

}  // namespace busbar::config
