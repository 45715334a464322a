#include "config/access.hpp"

#include <algorithm>

#include "config/overflow_id.hpp"

namespace busbar::config {
namespace {

bool contains(std::span<const std::uint32_t> list, std::uint32_t id) noexcept {
  return std::find(list.begin(), list.end(), id) != list.end();
}

std::string joined(const char* what, std::span<const std::uint32_t> ids) {
  std::string text;
  for (const std::uint32_t id : ids) text += (text.empty() ? what : ", ") + std::to_string(id);
  return text;
}

}  // namespace

bool admits(const control::Access& access, std::uint32_t user,
            std::span<const std::uint32_t> groups) noexcept {
  if (user == overflow_user()) return false;
  if (access.everybody || contains(access.users, user)) return true;
  return std::any_of(access.groups.begin(), access.groups.end(), [&](std::uint32_t group) {
    return group != overflow_group() && std::binary_search(groups.begin(), groups.end(), group);
  });
}

bool admits_others(const control::Access& access, std::uint32_t own) noexcept {
  if (access.everybody || !access.groups.empty()) return true;
  return std::any_of(access.users.begin(), access.users.end(),
                     [own](std::uint32_t user) { return user != own && user != 0; });
}

std::string access_text(const control::Access& access) {
  if (access.everybody) return "everybody";
  std::string text = joined("users ", access.users);
  const std::string groups = joined("groups ", access.groups);
  if (!text.empty() && !groups.empty()) text += "; ";
  text += groups;
  return text.empty() ? "nobody else" : text;
}

}  // namespace busbar::config
