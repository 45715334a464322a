#pragma once

#include <exception>
#include <functional>

namespace busbar::daemon {

/// Something that may take long: `work` runs on the housekeeper's thread, then `done` on the main
/// thread, with what `work` threw, if it did. Both are created and destroyed on the main thread.
struct Task {
  std::function<void()> work;
  std::function<void(std::exception_ptr)> done;
  std::exception_ptr failure = {};
};

}  // namespace busbar::daemon
