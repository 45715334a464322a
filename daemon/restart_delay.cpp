#include "daemon/restart_delay.hpp"

#include <algorithm>
#include <utility>

namespace busbar::daemon {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::chrono::milliseconds kShortest = 100ms;
constexpr std::chrono::milliseconds kLongest = 5s;
// Who has lived as long has not died of its start.
constexpr std::chrono::seconds kLongLife = 10s;

}  // namespace

std::chrono::milliseconds RestartDelay::next(std::chrono::nanoseconds lived) {
  if (lived >= kLongLife) next_ = 0ms;
  return std::exchange(next_, std::clamp(2 * next_, kShortest, kLongest));
}

}  // namespace busbar::daemon
