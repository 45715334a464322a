#include "config/config_node.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/units.hpp"

namespace busbar::config {
namespace {

constexpr std::size_t kDeepest = 16;
constexpr std::size_t kLongestKeyShown = 64;
constexpr std::size_t kLongestNumberShown = 40;

std::string shortened(std::string_view text, std::size_t most) {
  return text.size() <= most ? std::string(text) : std::string(text.substr(0, most)) + "...";
}

/// A key as a part of a JSON pointer; what a terminal would obey is escaped as in quoted().
std::string pointer_part(std::string_view key) {
  std::string part;
  for (const char c : shortened(key, kLongestKeyShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '~') {
      part += "~0";
    } else if (c == '/') {
      part += "~1";
    } else if (byte >= 0x20 && byte < 0x7f) {
      part += c;
    } else {
      constexpr const char* kDigits = "0123456789abcdef";
      part.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return part;
}

/// The parser's reason without its numbers and its copy of `last`, the last token.
std::string reason(std::string_view words, const std::string& last) {
  const std::size_t dash = words.find(" - ");
  if (dash == std::string_view::npos) return "a number that is too large";
  words.remove_prefix(dash + 3);
  const std::string copy = "; last read: '" + last + "'";
  const std::size_t at = words.find(copy);
  if (at == std::string_view::npos) return std::string(words);
  return std::string(words.substr(0, at)) + std::string(words.substr(at + copy.size()));
}

/// Walks over the text and notes how far the parser has read.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    ++at_;
    *furthest_ = std::max(*furthest_, at_);
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// Builds the nodes from the parser's events.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const std::string& name)
      : text_(text), name_(name), read_(text.data()), counted_(text.data()) {}

  ConfigNode run() {
    // The parser takes a NUL for the end of the text: it gets what stands before the first.
    const std::size_t size = std::min(text_.find('\0'), text_.size());
    const char* const begin = text_.data();
    const char* const end = begin + size;
    cut_ = size < text_.size() ? end : nullptr;
    nlohmann::json::sax_parse(Cursor(begin, &read_), Cursor(end, &read_), this,
                              nlohmann::json::input_format_t::json, true, true);
    if (cut_ != nullptr) refuse_nul();
    return std::move(root_);
  }

  bool null() override { return add(ConfigNode::Kind::null, "null") != nullptr; }
  bool boolean(bool value) override {
    add(ConfigNode::Kind::boolean, value ? "true" : "false")->flag = value;
    return true;
  }
  bool number_integer(std::int64_t value) override {
    return add(ConfigNode::Kind::other, value == 0 ? "-0" : std::to_string(value)) != nullptr;
  }
  bool number_unsigned(std::uint64_t value) override {
    add(ConfigNode::Kind::number, std::to_string(value))->number = value;
    return true;
  }
  bool number_float(double, const std::string& text) override {
    return add(ConfigNode::Kind::other, shortened(text, kLongestNumberShown)) != nullptr;
  }
  bool string(std::string& value) override {
    add(ConfigNode::Kind::string, busbar::quoted(value))->text = value;
    return true;
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(ConfigNode::Kind::object, "an object"); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(ConfigNode::Kind::array, "a list"); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    Open& object = open_.back();
    const auto [at, is_new] = object.key_lines.emplace(name, line());
    object.node->members.emplace_back(name, ConfigNode());
    object.awaits_value = true;
    if (is_new) return true;
    fail("the key " + busbar::quoted(name) + " occurs twice in one object, first in line " +
         std::to_string(at->second) + "; keep one of them");
  }
  bool parse_error(std::size_t, const std::string& last,
                   const nlohmann::json::exception& error) override {
    if (cut_ != nullptr && read_ == cut_) refuse_nul();
    fail("no valid JSON: " + reason(error.what(), last) +
         (last.empty() ? "" : ", near " + busbar::quoted(last)));
  }

 private:
  /// A list or an object whose end has not been read yet.
  struct Open {
    ConfigNode* node = nullptr;
    std::map<std::string, int> key_lines = {};
    bool awaits_value = false;  // behind a key
  };

  [[noreturn]] void fail(const std::string& what) {
    refuse_config(name_, line(), innermost(), what);
  }

  [[noreturn]] void refuse_nul() {
    const auto before = std::count(text_.data(), cut_, '\n');
    refuse_config(name_, 1 + static_cast<int>(before), innermost(),
                  "found a NUL byte, which no text has; is this the right file?");
  }

  std::string innermost() const {
    if (open_.empty()) return {};
    const Open& last = open_.back();
    if (!last.awaits_value) return last.node->pointer;
    return last.node->pointer + "/" + pointer_part(last.node->members.back().first);
  }

  /// Of the last token. A number is known to be over only at the character behind it.
  int line() {
    const char* const end = read_ > text_.data() ? read_ - 1 : read_;
    if (end > counted_) {
      line_ += static_cast<int>(std::count(counted_, end, '\n'));
      counted_ = end;
    }
    return line_;
  }

  ConfigNode* add(ConfigNode::Kind kind, const std::string& found) {
    ConfigNode& node = place();
    node.kind = kind;
    node.found = found;
    return &node;
  }

  ConfigNode& place() {
    const int here = line();
    if (open_.empty()) {
      root_.line = root_.key_line = here;
      return root_;
    }
    Open& parent = open_.back();
    const bool in_list = parent.node->kind == ConfigNode::Kind::array;
    const std::string part = in_list ? std::to_string(parent.node->items.size())
                                     : pointer_part(parent.node->members.back().first);
    ConfigNode& node =
        in_list ? parent.node->items.emplace_back() : parent.node->members.back().second;
    node.pointer = parent.node->pointer + "/" + part;
    node.line = here;
    node.key_line = in_list ? here : parent.key_lines.at(parent.node->members.back().first);
    parent.awaits_value = false;
    return node;
  }

  bool open(ConfigNode::Kind kind, const std::string& found) {
    if (open_.size() >= kDeepest) {
      fail("nested too deep; a configuration has at most " + std::to_string(kDeepest) + " levels");
    }
    open_.push_back({.node = add(kind, found)});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  const std::string& name_;
  const char* read_;
  const char* counted_;  // the lines up to here are in line_
  int line_ = 1;
  const char* cut_ = nullptr;  // the first NUL byte
  ConfigNode root_;
  std::vector<Open> open_;  // only the last of a vector grows, so the nodes stay where they are
};

}  // namespace

ConfigNode parse_config_text(std::string_view text, const std::string& name) {
  if (text.size() > kLargestConfig) {
    refuse_config(name, 1, {},
                  "the file has more than " + size_text(kLargestConfig) +
                      ", which is the most that is read; is it the right one?");
  }
  return Builder(text, name).run();
}

void refuse_config(const std::string& name, int line, const std::string& pointer,
                   const std::string& what) {
  throw Error(Errc::invalid_argument, name + ":" + std::to_string(line) + ": " +
                                          (pointer.empty() ? "/" : pointer) + ": " + what);
}

}  // namespace busbar::config
