#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

// What /proc tells of other processes, as far as the caller may read it.

namespace busbar::cli {

/// 'R', 'S', 'T', ...; 0 if there is no such process.
char process_state(pid_t pid);

/// The name of its program, at most 15 bytes; empty if there is no such process.
std::string process_name(pid_t pid);

/// Its soft limit of open descriptors.
std::optional<std::uint64_t> descriptor_limit(pid_t pid);

/// A process and the files below /dev/shm that it has mapped or open.
struct ProcessFiles {
  pid_t pid = 0;
  uid_t uid = 0;
  std::string name;
  bool readable = true;                 // false: not for the caller
  std::set<std::string> shared_memory;  // names, without the folder
};
std::vector<ProcessFiles> all_process_files();

}  // namespace busbar::cli
