#include "config/account_names.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/names.hpp"

namespace busbar::config {
namespace {

constexpr std::size_t kFirstRoom = 4096;
constexpr std::size_t kMostRoom = std::size_t{1} << 22;  // a group of very many members

/// Calls `look(entry, buffer, size, &result)` with as much room as it wants; errno's number.
template <class Entry, class Look, class Take>
int looked_up(Look look, Take take) {
  for (std::size_t room = kFirstRoom;; room *= 4) {
    std::vector<char> buffer(room);
    Entry entry{};
    Entry* result = nullptr;
    const int error = look(&entry, buffer.data(), buffer.size(), &result);
    if (result != nullptr) take(*result);
    if (result != nullptr || (error != ERANGE && error != EINTR) || room >= kMostRoom) return error;
  }
}

/// Some of what name services answer means no more than that there is no such name.
bool is_absence(int error) {
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

std::optional<std::uint32_t> found(std::optional<std::uint32_t> number, int error, const char* what,
                                   const std::string& name) {
  if (number || is_absence(error)) return number;
  throw system_error(std::string("cannot look up the ") + what + " " + busbar::quoted(name), error);
}

}  // namespace

std::optional<std::uint32_t> user_number(const std::string& name) {
  std::optional<std::uint32_t> number;
  const int error =
      looked_up<passwd>([&](auto... room) { return ::getpwnam_r(name.c_str(), room...); },
                        [&](const passwd& entry) { number = entry.pw_uid; });
  return found(number, error, "user", name);
}

std::optional<std::uint32_t> group_number(const std::string& name) {
  std::optional<std::uint32_t> number;
  const int error =
      looked_up<group>([&](auto... room) { return ::getgrnam_r(name.c_str(), room...); },
                       [&](const group& entry) { number = entry.gr_gid; });
  return found(number, error, "group", name);
}

std::optional<std::string> user_name(std::uint32_t user) {
  std::optional<std::string> name;
  looked_up<passwd>([&](auto... room) { return ::getpwuid_r(user, room...); },
                    [&](const passwd& entry) { name = entry.pw_name; });
  return name;
}

std::optional<std::string> group_name(std::uint32_t number) {
  std::optional<std::string> name;
  looked_up<group>([&](auto... room) { return ::getgrgid_r(number, room...); },
                   [&](const group& entry) { name = entry.gr_name; });
  return name;
}

std::optional<std::uint32_t> primary_group(std::uint32_t user) {
  std::optional<std::uint32_t> group;
  looked_up<passwd>([&](auto... room) { return ::getpwuid_r(user, room...); },
                    [&](const passwd& entry) { group = entry.pw_gid; });
  return group;
}

bool is_member(std::uint32_t user, std::uint32_t group) {
  std::string name;
  gid_t primary = 0;
  looked_up<passwd>([&](auto... room) { return ::getpwuid_r(user, room...); },
                    [&](const passwd& entry) {
                      name = entry.pw_name;
                      primary = entry.pw_gid;
                    });
  if (name.empty()) return false;
  int count = 0;
  ::getgrouplist(name.c_str(), primary, nullptr, &count);  // how many there are
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(name.c_str(), primary, groups.data(), &count) < 0) return false;
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace busbar::config
