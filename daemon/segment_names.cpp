#include "daemon/segment_names.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

#include "daemon/random_hex.hpp"

namespace busbar::daemon {
namespace {

constexpr const char* kFolder = "/dev/shm";
constexpr std::size_t kRandomBytes = 8;
constexpr std::string_view kAside = ".damaged-";

std::string hash_hex(std::string_view text) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  char hex[9];
  std::snprintf(hex, sizeof hex, "%08x", hash);
  return hex;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_own_file(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_uid == ::geteuid();
}

bool is_aside(const std::string& name) {
  return name.find(kAside) != std::string::npos;
}

/// The files of this broker that are wanted: it may be gone and its ledger damaged, so by name.
template <class Wanted>
std::vector<std::filesystem::path> files_of(const SegmentNames& names, Wanted wanted) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(names.prefix()) && wanted(name)) found.push_back(entry.path());
  }
  return found;
}

template <class Wanted>
std::size_t remove_if(const SegmentNames& names, Wanted wanted) {
  const auto found = files_of(names, wanted);
  return static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [](const std::filesystem::path& path) {
        return is_own_file(path) && ::unlink(path.c_str()) == 0;
      }));
}

}  // namespace

SegmentNames::SegmentNames(const std::string& bus, const std::string& socket_path)
    : prefix_("busbar-" + bus + "-" + std::to_string(::geteuid()) + "-" + hash_hex(socket_path) +
              "-") {}

std::string SegmentNames::next() const {
  return prefix_ + random_hex(kRandomBytes);
}

bool SegmentNames::is_own(const std::string& name) const {
  if (!name.starts_with(prefix_)) return false;
  const std::string_view rest = std::string_view(name).substr(prefix_.size());
  if (rest.size() < 2 * kRandomBytes || !is_hex(rest.substr(0, 2 * kRandomBytes))) return false;
  const std::string_view part = rest.substr(2 * kRandomBytes);
  return part == "-ring" || part == "-seats";
}

std::string SegmentNames::aside(const std::string& name) const {
  return name + std::string(kAside) + random_hex(4);
}

std::size_t remove_leftovers(const SegmentNames& names, const std::set<std::string>& keep) {
  return remove_if(names, [&](const std::string& name) {
    return names.is_own(name) && !keep.contains(name.substr(0, name.rfind('-')));
  });
}

std::string set_aside(const SegmentNames& names, const std::string& name) {
  const std::filesystem::path folder(kFolder);
  const std::string to = names.aside(name);
  if (files_of(names, is_aside).size() < kMostAside &&
      ::rename((folder / name).c_str(), (folder / to).c_str()) == 0) {
    return to;
  }
  ::unlink((folder / name).c_str());
  return {};
}

std::size_t remove_everything(const SegmentNames& names) {
  return remove_if(names, [&](const std::string& name) {
    return names.is_own(name) || name == names.ledger() || is_aside(name);
  });
}

}  // namespace busbar::daemon
