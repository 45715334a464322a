#include "tests/malformed/malformed.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "tests/malformed/document.hpp"

namespace busbar::test {
namespace {

using Raws = std::vector<std::string>;

/// A value in its document. `path` is the keys that lead there, "[]" for an item of a list.
struct Place {
  Value* value;
  Value* parent;  // none for the document
  std::string path;
};

std::string path_below(const std::string& path, const Value& parent, const std::string& key) {
  if (parent.kind == Value::Kind::list) return path + "[]";
  return path.empty() ? key : path + "." + key;
}

void collect(Value& value, Value* parent, const std::string& path, std::vector<Place>& places) {
  places.push_back({&value, parent, path});
  for (auto& [key, child] : value.children) {
    collect(child, &value, path_below(path, value, key), places);
  }
}

std::vector<Place> places_of(Value& root) {
  std::vector<Place> places;
  collect(root, nullptr, "", places);
  return places;
}

std::optional<Place> any_place(Value& root, Random& random,
                               const std::function<bool(const Place&)>& fits) {
  std::vector<Place> places = places_of(root);
  std::erase_if(places, [&](const Place& place) { return !fits(place); });
  if (places.empty()) return std::nullopt;
  return one_of(random, places);
}

bool is_key(const Place& place) {
  return place.parent != nullptr && place.parent->kind == Value::Kind::object;
}

bool ends_with_key(const Place& place, const std::set<std::string>& keys) {
  return is_key(place) && keys.contains(place.path.substr(place.path.rfind('.') + 1));
}

std::string shown(const std::string& pointer) {
  return pointer.empty() ? "/" : pointer;
}

/// What the way of breaking it says: text and place, or nothing if the document has no such place.
using Broken = std::optional<Malformed>;
using Break = std::function<Broken(Value&, Random&)>;

/// The document with one scalar in the stead of a value.
Broken with_raw(Value& root, Random& random, const Place& place, const std::string& raw) {
  *place.value = {.raw = raw};
  std::string text = render(root, random);
  return Malformed{
      .text = std::move(text), .pointer = shown(place.value->pointer), .line = place.value->line};
}

/// One of `raws` in the stead of a value that fits.
Break replaced(std::function<bool(const Place&)> fits, Raws raws) {
  return [=](Value& root, Random& random) -> Broken {
    const auto place = any_place(root, random, fits);
    if (!place) return std::nullopt;
    return with_raw(root, random, *place, one_of(random, raws));
  };
}

Break replaced_keys(const std::set<std::string>& keys, Raws raws) {
  return replaced([keys](const Place& place) { return ends_with_key(place, keys); },
                  std::move(raws));
}

Break replaced_path(const std::string& path, Raws raws) {
  return replaced([path](const Place& place) { return place.path == path; }, std::move(raws));
}

bool is_account(const Place& place) {
  return place.path.ends_with("users[]") || place.path.ends_with("groups[]");
}

Broken misspelt_key(Value& root, Random& random) {
  const auto place = any_place(root, random, is_key);
  auto& members = place->parent->children;
  const auto at = std::find_if(members.begin(), members.end(),
                               [&](const auto& member) { return &member.second == place->value; });
  std::string& key = at->first;
  const std::size_t where = below(random, key.size());
  switch (below(random, 4)) {
    case 0:
      key.insert(where, 1, 'q');
      break;
    case 1:
      key[where] = 'X';
      break;
    case 2:
      key[0] = static_cast<char>(key[0] - 'a' + 'A');
      break;
    default:
      key += "_";
  }
  std::string text = render(root, random);
  return Malformed{
      .text = std::move(text), .pointer = place->value->pointer, .line = place->value->key_line};
}

Broken wrong_type(Value& root, Random& random) {
  const auto place = any_place(root, random, [](const Place&) { return true; });
  Raws raws{"null", "-1", "1.5", "-0.0"};
  const bool is_container = place->value->kind != Value::Kind::scalar;
  if (place->path != "dynamic_channels") raws.insert(raws.end(), {"true", "false"});
  if (place->value->kind != Value::Kind::list) raws.emplace_back("[]");
  if (place->value->kind != Value::Kind::object) raws.emplace_back("{}");
  if (is_container) raws.insert(raws.end(), {"\"text\"", "7"});
  return with_raw(root, random, *place, one_of(random, raws));
}

Broken key_twice(Value& root, Random& random) {
  const auto place = any_place(root, random, is_key);
  auto& members = place->parent->children;
  const auto at = std::find_if(members.begin(), members.end(),
                               [&](const auto& member) { return &member.second == place->value; });
  const auto copy = *at;
  Value& parent = *place->parent;
  parent.children.push_back(copy);
  std::string text = render(root, random);
  const Value& second = parent.children.back().second;
  return Malformed{.text = std::move(text), .pointer = second.pointer, .line = second.key_line};
}

Broken channel_twice(Value& root, Random& random) {
  const auto list = any_place(root, random, [](const Place& place) {
    return place.path == "channels" && place.value->children.size() > 1;
  });
  if (!list) return std::nullopt;
  const auto name_of = [&](std::size_t index) -> Value& {
    auto& members = list->value->children[index].second.children;
    return std::find_if(members.begin(), members.end(),
                        [](const auto& member) { return member.first == "name"; })
        ->second;
  };
  const std::size_t second = 1 + below(random, list->value->children.size() - 1);
  name_of(second).raw = name_of(below(random, second)).raw;
  std::string text = render(root, random);
  return Malformed{
      .text = std::move(text), .pointer = name_of(second).pointer, .line = name_of(second).line};
}

Broken channel_without_name(Value& root, Random& random) {
  const auto place =
      any_place(root, random, [](const Place& at) { return at.path == "channels[]"; });
  std::erase_if(place->value->children, [](const auto& member) { return member.first == "name"; });
  std::string text = render(root, random);
  return Malformed{
      .text = std::move(text), .pointer = place->value->pointer, .line = place->value->line};
}

Broken too_many_accounts(Value& root, Random& random) {
  const auto place = any_place(root, random, [](const Place& at) {
    return at.value->kind == Value::Kind::list && at.path != "channels";
  });
  if (!place) return std::nullopt;
  for (int id = 1; id <= 65; ++id)
    place->value->children.emplace_back("", Value{.raw = std::to_string(id)});
  std::string text = render(root, random);
  return Malformed{
      .text = std::move(text), .pointer = place->value->pointer, .line = place->value->line};
}

Broken too_deep(Value& root, Random& random) {
  constexpr std::size_t kDeepest = 16;
  const auto place = any_place(root, random, [](const Place&) { return true; });
  const bool lists = below(random, 2) == 0;
  std::string raw, tail;
  for (std::size_t i = 0; i < 30; ++i) raw += lists ? "[" : "{\"a\":";
  Broken broken = with_raw(root, random, *place, raw);
  const std::string& pointer = place->value->pointer;
  const auto level = static_cast<std::size_t>(std::count(pointer.begin(), pointer.end(), '/'));
  // A list's next item has no place yet, a key's value has.
  const std::size_t steps = kDeepest - level - (lists ? 1 : 0);
  for (std::size_t i = 0; i < steps; ++i) tail += lists ? "/0" : "/a";
  broken->pointer = shown(pointer + tail);
  return broken;
}

/// A token that is none: a key's value stays open at it, a list's item has not begun.
Broken no_token(Value& root, Random& random) {
  const auto place = any_place(root, random, [](const Place&) { return true; });
  Broken broken = with_raw(
      root, random, *place,
      one_of<std::string>(random, {"'a'", "NaN", "undefined", ".5", "+1", "TRUE", "-", "tru", "1.",
                                   "1e", "#", "<a/>", "=", "1e999", "-1e999"}));
  if (place->parent != nullptr && !is_key(*place)) broken->pointer = shown(place->parent->pointer);
  return broken;
}

/// Text that no string may hold.
Broken no_string(Value& root, Random& random) {
  const auto place = any_place(
      root, random, [](const Place& at) { return at.value->kind == Value::Kind::scalar; });
  const std::string bad =
      one_of<std::string>(random, {"\x01", "\x1f", "\t", "\n", "\r", "\xff", "\xc0\xaf", "\x80",
                                   "\xe2\x82", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\\x", "\\u12",
                                   "\\ud800", "\\udc00 ", "\\ud800\\u0041", "\\"});
  Broken broken = with_raw(root, random, *place, "\"ab" + bad + "\"");
  if (place->parent != nullptr && !is_key(*place)) broken->pointer = shown(place->parent->pointer);
  // A backslash before the quote: the string goes on to the end of its line, and ends nowhere
  // there.
  return broken;
}

/// The innermost value that is open when `read` bytes have been read.
std::string innermost(const Value& value, std::size_t read) {
  for (const auto& [key, child] : value.children) {
    const bool is_number =
        child.kind == Value::Kind::scalar && child.raw[0] >= '0' && child.raw[0] <= '9';
    const bool is_container = child.kind != Value::Kind::scalar;
    if (is_container && child.begin < read && read < child.end) return innermost(child, read);
    if (value.kind == Value::Kind::list || read < child.key_end) continue;
    const bool is_pending = is_number || is_container ? read <= child.begin : read < child.end;
    if (is_pending) return child.pointer;
  }
  return shown(value.pointer);
}

int line_at(const std::string& text, std::size_t byte) {
  return 1 + static_cast<int>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte), '\n'));
}

Broken truncated(Value& root, Random& random) {
  const std::string text = render(root, random);
  const std::size_t size = below(random, root.end);
  return Malformed{.text = text.substr(0, size),
                   .pointer = innermost(root, size),
                   .line = line_at(text, size == 0 ? 0 : size - 1)};
}

Broken with_nul(Value& root, Random& random) {
  std::string text = render(root, random);
  const std::size_t at = below(random, text.size() + 1);
  Malformed broken{.pointer = at < root.end ? innermost(root, at) : "/", .line = line_at(text, at)};
  broken.text = text.insert(at, 1, '\0');
  return broken;
}

Broken something_behind(Value& root, Random& random) {
  const std::string text = render(root, random);
  return Malformed{.text = text + one_of<std::string>(random, {"}", "]", ",", "{}", "x", "1",
                                                               "\"a\"", "null", "/"}),
                   .pointer = "/",
                   .line = line_at(text, text.size())};
}

std::optional<Place> any_container(Value& root, Random& random, std::size_t least) {
  return any_place(root, random, [least](const Place& place) {
    return place.value->kind != Value::Kind::scalar && place.value->children.size() >= least;
  });
}

Broken without_comma(Value& root, Random& random) {
  const auto place = any_container(root, random, 2);
  if (!place) return std::nullopt;
  std::string text = render(root, random);
  const std::size_t before = below(random, place->value->children.size() - 1);
  text.erase(place->value->children[before].second.end, 1);
  return Malformed{.text = text,
                   .pointer = shown(place->value->pointer),
                   .line = place->value->children[before + 1].second.key_line};
}

Broken without_colon(Value& root, Random& random) {
  const auto place = any_place(root, random, is_key);
  std::string text = render(root, random);
  text.erase(place->value->key_end, 1);
  return Malformed{.text = text, .pointer = place->value->pointer, .line = place->value->line};
}

Broken comma_at_the_end(Value& root, Random& random) {
  const auto place = any_container(root, random, 1);
  std::string text = render(root, random);
  text.insert(place->value->children.back().second.end, ",");
  return Malformed{
      .text = text, .pointer = shown(place->value->pointer), .line = place->value->last_line};
}

Broken wrong_bracket(Value& root, Random& random) {
  const auto place = any_container(root, random, 0);
  std::string text = render(root, random);
  char& bracket = text[place->value->end - 1];
  bracket = bracket == '}' ? ']' : '}';
  return Malformed{
      .text = text, .pointer = shown(place->value->pointer), .line = place->value->last_line};
}

Broken key_without_quotes(Value& root, Random& random) {
  const auto place = any_place(root, random, is_key);
  std::string text = render(root, random);
  text.erase(place->value->key_begin, 1);
  return Malformed{
      .text = text, .pointer = shown(place->parent->pointer), .line = place->value->key_line};
}

Broken too_long(Value& root, Random& random) {
  return Malformed{
      .text = render(root, random) + std::string(1 << 20, ' '), .pointer = "/", .line = 1};
}

const std::vector<std::pair<std::string, Break>>& ways() {
  const std::set<std::string> counts{"max_publishers", "max_subscribers", "clients", "alignment"};
  static const std::vector<std::pair<std::string, Break>> all{
      {"misspelt key", misspelt_key},
      {"wrong type", wrong_type},
      {"broken size",
       replaced_keys({"capacity", "max_message", "memory"},
                     {"\"64mib\"", "\"64MB!\"", "\"MiB\"", "\"\"", "\"-1\"", "\"1e3\"", "\"0x10\"",
                      "\" 1\"", "\"1KiB \"", "\"1  KiB\"", "\"1.MiB\"", "\"1.5\"",
                      "\"1.1234567MiB\"", "\"99999999999GiB\"", "\"18446744073709551616\"",
                      "\"1,5MiB\"", "\"1_000\"", "\"\\u0031\\u0000\""})},
      {"broken time",
       replaced_keys({"block_timeout"},
                     {"5", "0", "\"5\"", "\"\"", "\"-1s\"", "\"1e3s\"", "\"1 minute\"", "\"1S\"",
                      "\"1d\"", "\"s\"", "\"99999999999h\"", "\"0.1ns\"", "\"1s \"", "\"1s2ms\""})},
      {"huge number",
       replaced_keys({"capacity", "max_message", "max_publishers", "max_subscribers", "alignment",
                      "clients", "memory", "socket_group"},
                     {"18446744073709551616", "99999999999999999999999999", "18446744073709551615",
                      "9223372036854775808", "1e300", std::string(5000, '9').insert(1, "."),
                      "-9223372036854775808", "-9223372036854775809"})},
      {"number that counts nothing",
       replaced_keys(counts, {"0", "-1", "1.0", "1e0", "\"1\"", "70000", "4294967297"})},
      {"unfit capacity", replaced_keys({"capacity"}, {"0", "\"512GiB\"", "\"257GiB\""})},
      {"unfit message", replaced_path("channels[].max_message", {"0", "\"200GiB\"", "\"0.0KiB\""})},
      {"unfit alignment", replaced_keys({"alignment"}, {"24", "9", "4095", "4097"})},
      {"unfit time", replaced_keys({"block_timeout"}, {"\"25h\"", "\"86400001ms\""})},
      {"more than the whole", replaced(
                                  [](const Place& place) {
                                    return place.path == "limits.per_user.clients" ||
                                           place.path == "limits.per_user.channels";
                                  },
                                  {"65536", "4097"})},
      {"too little memory", replaced_keys({"memory"}, {"0", "4095", "\"1KiB\""})},
      {"wrong word", replaced_keys({"when_full", "segment", "fences", "level", "target"},
                                   {"\"\"", "\"Block\"", "\"evicted\"", "\"auto \"", "\"none\"",
                                    "\"INFO\"", "\"syslog\"", "\"\\u0000\"", "\"block,evict\""})},
      {"bad channel name",
       replaced_path(
           "channels[].name",
           {"\"\"", "\".a\"", "\"a/b\"", "\"a b\"", "\"busbar\"", "\"busbar.a\"", "\"\\u00e9\"",
            "\"a\\n\"", "\"" + std::string(129, 'a') + "\"", "\"../etc\"", "\"a\\u0000\""})},
      {"bad bus name",
       replaced_path("bus.name", {"\"\"", "\"a.b\"", "\"a/b\"", "\"" + std::string(65, 'b') + "\"",
                                  "\"b\\u0000\""})},
      {"bad path", replaced_path("bus.socket", {"\"\"", "\"relative\"", "\"/run/\"", "\"/\"",
                                                "\"./a\"", "\"/a\\u0000b\"", "\"/a\\nb\"",
                                                "\"/" + std::string(107, 'c') + "\""})},
      {"bad mode",
       replaced_path("bus.socket_mode", {"\"\"", "\"600\"", "\"0999\"", "\"1777\"", "\"00600\"",
                                         "600", "\"rw--\"", "\"0o60\"", "\"-060\"", "\"+060\""})},
      {"bad account", replaced(is_account, {"\"\"", "\"no such account\"", "\"root \"", "\"Root\"",
                                            "\"root\\u0000\"", "\"0\"", "4294967295", "4294967296",
                                            "-1", "0.5", "\"../root\"", "\"**\""})},
      {"everybody as a group",
       replaced([](const Place& place) { return place.path.ends_with("groups[]"); }, {"\"*\""})},
      {"bad socket group", replaced_path("bus.socket_group", {"\"\"", "\"*\"", "\"no such group\"",
                                                              "4294967295", "[0]"})},
      {"too many accounts", too_many_accounts},
      {"key twice", key_twice},
      {"channel twice", channel_twice},
      {"channel without a name", channel_without_name},
      {"too deep", too_deep},
      {"no token", no_token},
      {"no string", no_string},
      {"truncated", truncated},
      {"NUL byte", with_nul},
      {"something behind", something_behind},
      {"no comma", without_comma},
      {"no colon", without_colon},
      {"comma at the end", comma_at_the_end},
      {"wrong bracket", wrong_bracket},
      {"key without quotes", key_without_quotes},
      {"too long", too_long},
  };
  return all;
}

}  // namespace

std::size_t malformed_kinds() {
  return ways().size();
}

Malformed malformed(std::uint64_t number) {
  const auto& [kind, breaks] = ways()[number % ways().size()];
  Random random(number);
  for (;;) {
    Value root = valid_document(random);
    Broken broken = breaks(root, random);
    if (!broken) continue;
    broken->kind = kind;
    return std::move(*broken);
  }
}

}  // namespace busbar::test
