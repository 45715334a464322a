#include "config/user_share.hpp"

#include <algorithm>

namespace busbar::config {
namespace {

template <class T>
T quarter(T all) noexcept {
  return std::max<T>(1, all / 4);
}

}  // namespace

UserShare user_share(const Limits& limits, std::uint64_t memory) noexcept {
  return {limits.per_user.memory.value_or(quarter(memory)),
          limits.per_user.clients.value_or(quarter(limits.clients)),
          limits.per_user.channels.value_or(quarter(limits.channels))};
}

}  // namespace busbar::config
