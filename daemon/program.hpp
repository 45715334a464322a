#pragma once

#include <string>
#include <vector>

namespace busbar::daemon {

/// What a supervisor starts.
struct Program {
  std::string path;
  std::vector<std::string> arguments;  // the program's name first
};

/// This one, with the same arguments but --supervise. Found by the path by which it was called, so
/// that each start gets what is installed there then: a newer version, or what a symbolic link
/// leads to by then.
Program this_program_unsupervised(int argc, const char* const* argv);

}  // namespace busbar::daemon
