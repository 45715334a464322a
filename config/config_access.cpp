#include "config/config_access.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "config/access.hpp"
#include "config/account_names.hpp"
#include "config/overflow_id.hpp"

namespace busbar::config {
namespace {

constexpr const char* kEverybody = "*";

/// What users and groups are told apart by.
struct AccountKind {
  std::string word;
  std::optional<std::uint32_t> (*number)(const std::string&);
  std::uint32_t (*overflow)() noexcept;
};

const AccountKind kUser{"user", user_number, overflow_user};
const AccountKind kGroup{"group", group_number, overflow_group};

std::uint32_t named(const ConfigSection& section, const ConfigNode& node, const AccountKind& kind) {
  std::optional<std::uint32_t> number;
  // The system's calls would see a name that ends at the NUL.
  const bool is_name = !node.text.empty() && node.text.find('\0') == std::string::npos;
  try {
    if (is_name) number = kind.number(node.text);
  } catch (const Error& error) {
    section.fail(node, error.what());
  }
  if (number) return *number;
  if (node.text == kEverybody) section.fail(node, "\"*\" stands among \"users\" only");
  const bool is_number =
      std::all_of(node.text.begin(), node.text.end(), [](char c) { return c >= '0' && c <= '9'; });
  section.fail(node, "found " + node.found + ", which is no " + kind.word + " of this machine; " +
                         (is_name && is_number ? "give a number without quotes"
                                               : "create it, correct the name or give a number"));
}

std::uint32_t read_account(const ConfigSection& section, const ConfigNode& node,
                           const AccountKind& kind) {
  if (node.kind != ConfigNode::Kind::string && node.kind != ConfigNode::Kind::number) {
    section.expected(node, "the name or the number of a " + kind.word);
  }
  const bool is_number = node.kind == ConfigNode::Kind::number;
  constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();  // (uid_t)-1
  if (is_number && node.number >= kNobody) {
    section.expected(node, "a " + kind.word + " from 0 to " + std::to_string(kNobody - 1));
  }
  const std::uint32_t id =
      is_number ? static_cast<std::uint32_t>(node.number) : named(section, node, kind);
  if (id != kind.overflow()) return id;
  section.fail(node, "found " + node.found + ", the overflow " + kind.word + " " +
                         std::to_string(id) + ": it stands for every " + kind.word +
                         " of another namespace and never matches; name a real one");
}

std::vector<std::uint32_t> read_accounts(const ConfigSection& section, const ConfigNode& node,
                                         const AccountKind& kind) {
  const std::vector<ConfigNode>& items = section.list(node);
  if (items.size() > kMostNames) {
    section.fail(node, "found " + std::to_string(items.size()) + " entries, expected " +
                           std::to_string(kMostNames) + " at most; make a group of them");
  }
  std::vector<std::uint32_t> ids;
  for (const ConfigNode& item : items) {
    if (item.text == kEverybody && &kind == &kUser) continue;
    const std::uint32_t id = read_account(section, item, kind);
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

bool names_everybody(const ConfigNode& node) {
  return std::any_of(node.items.begin(), node.items.end(),
                     [](const ConfigNode& item) { return item.text == kEverybody; });
}

}  // namespace

control::Access read_access(const ConfigSection& section, const ConfigNode& node) {
  control::Access access;
  const std::vector<ConfigSection::Key> keys{
      {"users",
       [&](const ConfigNode& value) {
         access.users = read_accounts(section, value, kUser);
         access.everybody = names_everybody(value);
       }},
      {"groups",
       [&](const ConfigNode& value) { access.groups = read_accounts(section, value, kGroup); }}};
  section.read(node, keys);
  return access;
}

std::uint32_t read_group(const ConfigSection& section, const ConfigNode& node) {
  return read_account(section, node, kGroup);
}

}  // namespace busbar::config
