#include "cli/access_option.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <sstream>
#include <vector>

#include "cli/words.hpp"
#include "config/account_names.hpp"
#include "config/overflow_id.hpp"

namespace busbar::cli {
namespace {

constexpr char kGroupMark = '@';

std::optional<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error == std::errc{} && end == last && number != ~0u) return number;
  return std::nullopt;
}

std::uint32_t account(const std::string& option, const std::string& text) {
  const bool group = text.starts_with(kGroupMark);
  const auto checked = [&](std::uint32_t id) {
    if (id != (group ? config::overflow_group() : config::overflow_user())) return id;
    throw CLI::ValidationError(option, "\"" + printable(text) +
                                           "\" stands for everybody whom this machine does not "
                                           "know, and never matches; name a real one");
  };
  const std::string name = group ? text.substr(1) : text;
  if (const auto number = number_of(name)) return checked(*number);
  const auto found = name.empty()
                         ? std::nullopt
                         : (group ? config::group_number(name) : config::user_number(name));
  if (found) return checked(*found);
  throw CLI::ValidationError(
      option, "\"" + printable(text) + "\" is no " + (group ? "group" : "user") +
                  " of this machine; give users by name or number, groups behind an @, or \"*\"");
}

void add_once(std::vector<std::uint32_t>& list, std::uint32_t id) {
  if (std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
}

void add_item(const std::string& option, const std::string& text, Access& access) {
  if (text == "*") {
    access.everybody = true;
  } else {
    add_once(text.starts_with(kGroupMark) ? access.groups : access.users, account(option, text));
  }
}

std::string named(const std::string& mark, std::uint32_t id,
                  const std::optional<std::string>& name) {
  if (!name) return mark + std::to_string(id);
  return mark + printable(*name) + " (" + std::to_string(id) + ")";
}

}  // namespace

CLI::Option* add_user(CLI::App& app, const std::string& name, std::optional<std::uint32_t>& target,
                      const std::string& help) {
  const auto parse = [name, &target](const std::string& text) {
    target = number_of(text);
    if (!target && !text.empty()) target = config::user_number(text);
    if (target) return;
    throw CLI::ValidationError(
        name, "\"" + printable(text) + "\" is no user of this machine; give a name or a number");
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("USER");
}

CLI::Option* add_access(CLI::App& app, const std::string& name, std::optional<Access>& target,
                        const std::string& help) {
  const auto parse = [name, &target](const std::string& text) {
    Access access;
    std::istringstream items(text);
    for (std::string item; std::getline(items, item, ',');) add_item(name, item, access);
    target = std::move(access);
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("USER|@GROUP,...");
}

std::string access_text(const Access& access) {
  if (access.everybody) return "everybody";
  std::string text;
  const auto add = [&text](const std::string& item) { text += (text.empty() ? "" : ", ") + item; };
  for (const std::uint32_t id : access.users) add(named("", id, config::user_name(id)));
  for (const std::uint32_t id : access.groups) add(named("@", id, config::group_name(id)));
  return text.empty() ? "only the broker's user and root" : text;
}

std::string access_lines(const ChannelDetails& details) {
  return "publish by   " + access_text(details.publish) +  //
         "\nsubscribe by " + access_text(details.subscribe) + "\n";
}

}  // namespace busbar::cli
