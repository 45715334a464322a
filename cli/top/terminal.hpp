#pragma once

#include <string>
#include <vector>

#include "cli/top/top_view.hpp"

namespace busbar::cli {

/// The terminal at standard output, as a whole screen: no cursor, no scrolling, keys without Enter.
/// What was to see before comes back at its end. One at a time.
class Terminal {
 public:
  /// Whether standard output is a terminal that can do this.
  static bool usable();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// As the terminal says; 80 columns and 24 rows if it does not.
  static ScreenSize size();
  /// What to write so that exactly these lines are to see. They must fit.
  static std::string picture(const std::vector<std::string>& lines, ScreenSize size);

  /// Gives the terminal back, and takes it again. Async-signal-safe; nothing while there is none.
  static void leave() noexcept;
  static void enter() noexcept;
};

}  // namespace busbar::cli
