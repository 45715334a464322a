#pragma once

#include <stdexcept>
#include <string>

namespace busbar::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

/// The verb cannot go on; the text goes to stderr, exit status 1.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command line makes no sense; the text goes to stderr, exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Whoever read the output is gone: exit status 1 without words, as other tools do.
struct BrokenPipe {};

/// SIGINT or SIGTERM came while the verb read, wrote or waited.
struct Interrupted {};

/// A Failure with errno's words: "WHAT: No such file or directory".
Failure system_failure(const std::string& what, int errno_value);

}  // namespace busbar::cli
