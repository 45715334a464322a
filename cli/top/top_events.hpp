#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace busbar::cli {

/// What a live table waits for: time, keys, a new size of the terminal, the wish to stop.
///
/// SIGINT, SIGTERM and SIGHUP are that wish; the same once more ends the process at once, with the
/// terminal given back. SIGTSTP gives the terminal back before the process stops. One at a time.
class TopEvents {
 public:
  /// `keys`: read them from standard input; its end is the wish to stop.
  explicit TopEvents(bool keys);
  ~TopEvents();
  TopEvents(const TopEvents&) = delete;
  TopEvents& operator=(const TopEvents&) = delete;

  bool stop_requested() const noexcept;

  struct Event {
    enum class Kind { time, key, redraw, stop };
    Kind kind;
    char key = 0;
  };
  Event wait_until(std::chrono::steady_clock::time_point when);

  /// Writes all of it to standard output. False if the wish to stop came first, or the terminal is
  /// gone. Throws BrokenPipe, Failure.
  bool write(std::string_view text);

 private:
  std::optional<Event> read_key() const;

  bool keys_;
  bool terminal_;
};

}  // namespace busbar::cli
