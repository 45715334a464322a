#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "cli/doctor/checks.hpp"
#include "cli/doctor/shell_word.hpp"
#include "cli/rough_text.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

using enum Verdict;

constexpr const char* kFolder = "/dev/shm/";
constexpr std::string_view kStart = "busbar-";
constexpr std::string_view kAside = ".damaged-";
constexpr std::size_t kHashDigits = 8;
constexpr std::size_t kRandomDigits = 16;
constexpr std::size_t kMostNamed = 8;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Cuts off what stands behind the last '-'.
std::string_view take_last(std::string_view& text) {
  const auto at = text.rfind('-');
  if (at == std::string_view::npos) return {};
  const std::string_view last = text.substr(at + 1);
  text = text.substr(0, at);
  return last;
}

/// The same with its last '-', if it is busbar-BUS-UID-HASH of the file's owner.
std::optional<std::string> prefix_before(std::string_view rest, const SegmentFile& file) {
  const std::string prefix = std::string(rest) + "-";
  if (!is_hex(take_last(rest), kHashDigits)) return {};
  const std::string_view uid = take_last(rest);
  if (uid != std::to_string(file.owner) || rest.size() <= kStart.size()) return {};
  return prefix;
}

/// busbar-BUS-UID-HASH- of busbar-BUS-UID-HASH-RANDOM-ring: the same for all segments of one
/// broker. Nothing if no broker makes such a name.
std::optional<std::string> broker_prefix(const SegmentFile& file) {
  std::string_view rest = file.name;
  const std::string_view part = take_last(rest);
  if (part == "ledger") return prefix_before(rest, file);
  if ((part != "ring" && part != "seats") || !is_hex(take_last(rest), kRandomDigits)) return {};
  return prefix_before(rest, file);
}

struct Group {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  uid_t owner = 0;
  std::set<pid_t> users;
  bool has_broker = false;
};

std::string sudo(uid_t owner, uid_t caller) {
  return owner == caller || caller == 0 ? "" : "sudo ";
}

Finding foreign(const SegmentFile& file, uid_t caller) {
  const std::string path = kFolder + file.name;
  return {warning, "segments",
          printable(path) + " (uid " + std::to_string(file.owner) + ", " + rough_text(file.bytes) +
              ") was made by no broker: the name is not one of its owner's",
          "it takes memory and is never removed by a broker",
          sudo(file.owner, caller) + "rm -i " + shell_word(path)};
}

Finding set_aside(const SegmentFile& file, uid_t caller) {
  const std::string path = kFolder + file.name;
  return {warning, "segments",
          printable(path) + " (" + rough_text(file.bytes) +
              ") could not be taken over by a broker that was started anew; its log says why",
          "it takes memory until somebody has looked at it",
          sudo(file.owner, caller) + "rm -i " + shell_word(path)};
}

std::string amount(const Group& group) {
  return std::to_string(group.files) + (group.files == 1 ? " segment" : " segments") + ", " +
         rough_text(group.bytes);
}

Finding left_over(const std::string& prefix, const Group& group, uid_t caller) {
  return {
      warning, "segments",
      kFolder + prefix + "*: " + amount(group) + ", of a broker that has died; no process has them",
      "they take memory until a broker of the same socket starts (if a container shares "
      "/dev/shm, look there first)",
      sudo(group.owner, caller) + "rm " + shell_word(kFolder + prefix) + "*"};
}

Finding without_broker(const std::string& prefix, const Group& group) {
  std::string pids;
  std::size_t count = 0;
  for (const pid_t pid : group.users) {
    if (++count > kMostNamed) break;
    pids += (pids.empty() ? "" : ",") + std::to_string(pid);
  }
  return {warning, "segments",
          kFolder + prefix + "*: " + amount(group) + ", used by " +
              std::to_string(group.users.size()) + " processes, but their broker has died",
          "these go on among themselves; the next broker of the same socket takes them over",
          "ps -fp " + pids};
}

/// Whether there is a broker that could not be looked at. Others do not matter: whoever has a dead
/// broker's segment keeps it when its name is removed.
bool has_hidden_broker(const std::vector<ProcessFiles>& processes) {
  return std::ranges::any_of(processes, [](const ProcessFiles& process) {
    return !process.readable && process.name == "busbard";
  });
}

using Groups = std::map<std::string, Group>;

void note_users(Groups& groups, const std::vector<ProcessFiles>& processes) {
  for (const ProcessFiles& process : processes) {
    for (const std::string& name : process.shared_memory) {
      const auto at = std::ranges::find_if(
          groups, [&name](const auto& group) { return name.starts_with(group.first); });
      if (at == groups.end()) continue;
      at->second.users.insert(process.pid);
      at->second.has_broker = at->second.has_broker || process.name == "busbard";
    }
  }
}

}  // namespace

std::vector<SegmentFile> look_at_segments() {
  std::vector<SegmentFile> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entries(kFolder, error);
       !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    struct stat status {};
    if (!name.starts_with(kStart) || ::lstat(entries->path().c_str(), &status) != 0) continue;
    files.push_back({name, status.st_uid, static_cast<std::uint64_t>(status.st_blocks) * 512});
  }
  std::ranges::sort(files, {}, &SegmentFile::name);
  return files;
}

Findings segment_findings(const std::vector<SegmentFile>& files,
                          const std::vector<ProcessFiles>& processes, uid_t caller) {
  Findings findings;
  Groups groups;
  for (const SegmentFile& file : files) {
    if (file.name.find(kAside) != std::string::npos) {
      findings.push_back(set_aside(file, caller));
      continue;
    }
    const auto prefix = broker_prefix(file);
    if (!prefix) {
      findings.push_back(foreign(file, caller));
      continue;
    }
    Group& group = groups[*prefix];
    group.files += 1;
    group.bytes += file.bytes;
    group.owner = file.owner;
  }
  note_users(groups, processes);
  const bool hidden_broker = has_hidden_broker(processes);
  Group in_use;
  Group unknown;
  for (const auto& [prefix, group] : groups) {
    if (!group.has_broker && hidden_broker) {
      unknown.files += group.files;
      unknown.bytes += group.bytes;
    } else if (group.has_broker) {
      in_use.files += group.files;
      in_use.bytes += group.bytes;
    } else {
      findings.push_back(group.users.empty() ? left_over(prefix, group, caller)
                                             : without_broker(prefix, group));
    }
  }
  findings.push_back(
      {ok, "segments", "in /dev/shm, of brokers that live: " + amount(in_use), {}, {}});
  if (unknown.files != 0) {
    findings.push_back({ok,
                        "segments",
                        "in /dev/shm, not to be judged by this user (root can): " + amount(unknown),
                        {},
                        {}});
  }
  return findings;
}

}  // namespace busbar::cli
