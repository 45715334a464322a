#include "config/config_node.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "common/base/error.hpp"
#include "common/base/names.hpp"

namespace busbar::config {
namespace {

constexpr std::size_t kDeepest = 16;

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
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }
  friend bool operator!=(const Cursor& a, const Cursor& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// Builds the nodes from the parser's events.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const std::string& name)
      : text_(text), name_(name), read_(text.data()) {}

  ConfigNode run() {
    const char* const begin = text_.data();
    const char* const end = begin + text_.size();
    nlohmann::json::sax_parse(Cursor(begin, &read_), Cursor(end, &read_), this,
                              nlohmann::json::input_format_t::json, true, true);
    return std::move(root_);
  }

  bool null() override { return add(ConfigNode::Kind::null, "null") != nullptr; }
  bool boolean(bool value) override {
    add(ConfigNode::Kind::boolean, value ? "true" : "false")->flag = value;
    return true;
  }
  bool number_integer(std::int64_t value) override {
    return add(ConfigNode::Kind::other, std::to_string(value)) != nullptr;
  }
  bool number_unsigned(std::uint64_t value) override {
    add(ConfigNode::Kind::number, std::to_string(value))->number = value;
    return true;
  }
  bool number_float(double, const std::string& text) override {
    return add(ConfigNode::Kind::other, text) != nullptr;
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
    ConfigNode& object = *open_.back();
    const auto same = [&](const auto& member) { return member.first == name; };
    if (std::any_of(object.members.begin(), object.members.end(), same)) {
      fail("the key " + busbar::quoted(name) + " occurs twice in one object");
    }
    object.members.emplace_back(name, ConfigNode());
    return true;
  }
  bool parse_error(std::size_t, const std::string& last,
                   const nlohmann::json::exception&) override {
    fail("no valid JSON near " + busbar::quoted(last));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(Errc::invalid_argument, name_ + ":" + std::to_string(line()) + ": " + what);
  }

  /// Of the last token. A number is known to be over only at the character behind it.
  int line() const {
    const char* const end = read_ > text_.data() ? read_ - 1 : read_;
    return 1 + static_cast<int>(std::count(text_.data(), end, '\n'));
  }

  ConfigNode* add(ConfigNode::Kind kind, const std::string& found) {
    ConfigNode& node = place();
    node.kind = kind;
    node.found = found;
    node.line = line();
    return &node;
  }

  ConfigNode& place() {
    if (open_.empty()) return root_;
    ConfigNode& parent = *open_.back();
    std::string last;
    if (parent.kind == ConfigNode::Kind::array) {
      last = std::to_string(parent.items.size());
      parent.items.emplace_back();
    } else {
      last = parent.members.back().first;
    }
    ConfigNode& node =
        parent.kind == ConfigNode::Kind::array ? parent.items.back() : parent.members.back().second;
    node.pointer = parent.pointer + "/" + last;
    return node;
  }

  bool open(ConfigNode::Kind kind, const std::string& found) {
    if (open_.size() >= kDeepest) fail("nested too deep");
    open_.push_back(add(kind, found));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  const std::string& name_;
  const char* read_;
  ConfigNode root_;
  std::vector<ConfigNode*> open_;  // only the last of a vector grows, so these stay valid
};

}  // namespace

ConfigNode parse_config_text(std::string_view text, const std::string& name) {
  return Builder(text, name).run();
}

}  // namespace busbar::config
