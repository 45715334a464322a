#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace busbar::test {

/// Long enough for anything that works, on a busy machine and under sanitizers.
inline constexpr std::chrono::seconds kPatience{30};

/// A child process whose output is captured.
///
/// The destructor kills and reaps it. It also dies with the thread that started it, so that nothing
/// is left behind by a test that was killed: start it from a thread that outlives its use. One
/// thread at a time.
class Process {
 public:
  struct Options {
    /// Its standard input: a file, a pipe for write_stdin(), or else /dev/null.
    std::string stdin_file = {};
    bool stdin_pipe = false;
    /// Where output goes that is not to be captured.
    std::string stdout_file = {};
    std::string stderr_file = {};
    /// "NAME=VALUE" to set and "NAME" to unset, beside what this process has.
    std::vector<std::string> environment = {};
    std::string working_directory = {};
    /// Not 0: membarrier fails with this errno in it, by a seccomp filter.
    int membarrier_error = 0;
    /// It has duplicates of these as descriptors 3, 4, ...
    std::vector<int> descriptors = {};
  };

  /// Starts argv[0], found in $PATH if it has no slash. Throws std::system_error.
  explicit Process(const std::vector<std::string>& argv, const Options& options);
  explicit Process(const std::vector<std::string>& argv);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  pid_t pid() const noexcept;

  /// Its exit status, or 128 + the signal that ended it; nothing if it still runs after `limit`.
  /// All of its output has been captured when this returns. May be called again.
  std::optional<int> wait(std::chrono::milliseconds limit = kPatience);
  bool running();
  /// Nothing if it has ended.
  void kill(int signal);

  /// Writes all of it; what a process that has ended no longer reads is thrown away.
  void write_stdin(std::string_view bytes);
  void close_stdin();

  /// What was captured so far.
  std::string stdout_text() const;
  std::string stderr_text() const;
  /// True as soon as the output contains `text`; false when the stream ends without it, or after
  /// `limit`.
  bool wait_for_stdout(std::string_view text, std::chrono::milliseconds limit = kPatience);
  bool wait_for_stderr(std::string_view text, std::chrono::milliseconds limit = kPatience);

  /// Closes the reading end of its standard output: its next write meets a broken pipe.
  void close_stdout();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a process that ran to its end left.
struct Ran {
  int status;
  std::string out;
  std::string err;
};

/// Runs it to its end, with `input` on its standard input. Throws std::runtime_error if it does not
/// end within kPatience.
Ran run(const std::vector<std::string>& argv, std::string_view input = {});

}  // namespace busbar::test
