#include "daemon/program.hpp"

#include <filesystem>
#include <system_error>

namespace busbar::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSelf = "/proc/self/exe";

std::string path_of(const std::string& name) {
  std::error_code error;
  if (name.find('/') != std::string::npos) {
    const fs::path path = fs::absolute(name, error);
    if (!error && fs::equivalent(path, kSelf, error)) return path;
  }
  const fs::path path = fs::read_symlink(kSelf, error);
  return error ? kSelf : path.string();
}

}  // namespace

Program this_program_unsupervised(int argc, const char* const* argv) {
  Program program{path_of(argv[0]), {}};
  for (int i = 0; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument != "--supervise") program.arguments.push_back(argument);
  }
  return program;
}

}  // namespace busbar::daemon
