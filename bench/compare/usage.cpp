#include "usage.hpp"

#include <time.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace compare {
namespace {

/// Adds the numbers that stand behind `key` in a file of /proc.
std::uint64_t number_of(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  std::uint64_t sum = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size(), key) == 0) sum += std::stoull(line.substr(key.size()));
  }
  return sum;
}

std::filesystem::path folder_of(pid_t process) {
  return "/proc/" + std::to_string(process);
}

double cpu_ns_of(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

}  // namespace

Usage Usage::of(const std::vector<pid_t>& processes) {
  Usage sum;
  std::error_code ignored;
  for (const pid_t process : processes) {
    sum.cpu_ns += cpu_ns_of(process);
    for (const auto& task :
         std::filesystem::directory_iterator(folder_of(process) / "task", ignored)) {
      sum.voluntary += number_of(task.path() / "status", "voluntary_ctxt_switches:");
      sum.involuntary += number_of(task.path() / "status", "nonvoluntary_ctxt_switches:");
    }
  }
  return sum;
}

Memory Memory::of(const std::vector<pid_t>& processes) {
  Memory sum;
  for (const pid_t process : processes) {
    const std::filesystem::path file = folder_of(process) / "smaps_rollup";
    sum.all += number_of(file, "Pss:") * 1024;
    sum.shared += number_of(file, "Pss_Shmem:") * 1024;
  }
  return sum;
}

}  // namespace compare
