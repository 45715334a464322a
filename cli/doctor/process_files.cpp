#include "cli/doctor/process_files.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace busbar::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "/dev/shm/";

std::string proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

std::optional<pid_t> pid_of(const std::string& name) {
  pid_t pid = 0;
  const char* const last = name.data() + name.size();
  const auto [end, error] = std::from_chars(name.data(), last, pid);
  if (error != std::errc{} || end != last) return std::nullopt;
  return pid;
}

/// False if the caller may not read it. Of what has no memory (it has just ended, or is the
/// kernel's) there is nothing to read.
bool add_mapped(pid_t pid, std::set<std::string>& names) {
  errno = 0;
  std::ifstream maps(proc(pid, "maps"));
  if (!maps) return errno != EACCES && errno != EPERM;
  for (std::string line; std::getline(maps, line);) {
    const auto at = line.find(kFolder);
    if (at != std::string::npos) names.insert(line.substr(at + kFolder.size()));
  }
  return true;
}

void add_open(pid_t pid, std::set<std::string>& names) {
  std::error_code error;
  fs::directory_iterator entries(proc(pid, "fd"), error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entries->path(), gone);
    if (target.starts_with(kFolder)) names.insert(target.substr(kFolder.size()));
  }
}

}  // namespace

char process_state(pid_t pid) {
  std::ifstream file(proc(pid, "stat"));
  std::string line;
  std::getline(file, line);
  // The name before it stands in parentheses and may contain some.
  const auto at = line.rfind(") ");
  return at == std::string::npos || at + 2 >= line.size() ? '\0' : line[at + 2];
}

std::string process_name(pid_t pid) {
  std::ifstream file(proc(pid, "comm"));
  std::string name;
  std::getline(file, name);
  return name;
}

std::optional<std::uint64_t> descriptor_limit(pid_t pid) {
  constexpr std::string_view kLine = "Max open files";
  std::ifstream file(proc(pid, "limits"));
  for (std::string line; std::getline(file, line);) {
    std::uint64_t soft = 0;
    if (!line.starts_with(kLine)) continue;
    if (std::istringstream(line.substr(kLine.size())) >> soft) return soft;
  }
  return std::nullopt;
}

std::vector<ProcessFiles> all_process_files() {
  std::vector<ProcessFiles> all;
  std::error_code error;
  for (fs::directory_iterator entries("/proc", error);
       !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const auto pid = pid_of(entries->path().filename().string());
    struct stat status {};
    if (!pid || ::stat(entries->path().c_str(), &status) != 0) continue;
    ProcessFiles process{*pid, status.st_uid, process_name(*pid), true, {}};
    process.readable = add_mapped(*pid, process.shared_memory);
    if (process.readable) add_open(*pid, process.shared_memory);
    all.push_back(std::move(process));
  }
  return all;
}

}  // namespace busbar::cli
