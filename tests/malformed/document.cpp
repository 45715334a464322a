#include "tests/malformed/document.hpp"

#include <algorithm>

namespace busbar::test {
namespace {

class Renderer {
 public:
  explicit Renderer(Random& random)
      : random_(random), line_end_(below(random, 4) == 0 ? "\r\n" : "\n") {}

  std::string run(Value& root) {
    if (below(random_, 4) == 0) put("// a configuration" + line_end_);
    value(root, "");
    put(line_end_);
    return std::move(text_);
  }

 private:
  void put(const std::string& text) {
    text_ += text;
    line_ += static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }

  void value(Value& value, const std::string& pointer) {
    value.pointer = pointer;
    value.line = line_;
    value.begin = text_.size();
    if (value.kind == Value::Kind::scalar) {
      put(value.raw);
    } else {
      container(value);
    }
    value.end = text_.size();
  }

  void container(Value& value) {
    const bool is_object = value.kind == Value::Kind::object;
    put(is_object ? "{" : "[");
    for (std::size_t i = 0; i < value.children.size(); ++i) {
      comment();
      put(line_end_);
      child(value, i);
      if (i + 1 < value.children.size()) put(",");
    }
    put(line_end_);
    value.last_line = line_;
    put(is_object ? "}" : "]");
  }

  void child(Value& parent, std::size_t index) {
    auto& [key, inner] = parent.children[index];
    const bool has_key = parent.kind == Value::Kind::object;
    inner.key_line = line_;
    inner.key_begin = text_.size();
    if (has_key) put("\"" + key + "\"");
    inner.key_end = text_.size();
    if (has_key) put(below(random_, 8) == 0 ? ":" + line_end_ : ": ");
    value(inner, parent.pointer + "/" + (has_key ? key : std::to_string(index)));
  }

  void comment() {
    const std::size_t which = below(random_, 12);
    if (which == 0) put(" // why");
    if (which == 1) put(" /* why," + line_end_ + " at length */");
  }

  Random& random_;
  const std::string line_end_;
  std::string text_;
  int line_ = 1;
};

Value scalar(const std::string& raw) {
  return {.raw = raw};
}

Value any(Random& random, const std::vector<std::string>& raws) {
  return scalar(one_of(random, raws));
}

/// Some of the members, in any order.
Value some_of(Random& random, std::vector<std::pair<std::string, Value>> members) {
  std::shuffle(members.begin(), members.end(), random);
  members.resize(1 + below(random, members.size()));
  return {.kind = Value::Kind::object, .children = std::move(members)};
}

Value accounts(Random& random) {
  Value list{.kind = Value::Kind::list};
  for (std::size_t i = 1 + below(random, 4); i != 0; --i) {
    list.children.emplace_back("",
                               any(random, {"0", "1000", "4294967294", "\"root\"", "\"daemon\""}));
  }
  return list;
}

Value access(Random& random) {
  return some_of(random, {{"users", accounts(random)}, {"groups", accounts(random)}});
}

Value settings(Random& random) {
  return some_of(
      random,
      {{"capacity", any(random, {"\"1MiB\"", "65536", "\"4 MiB\"", "\"0.5MiB\"", "\"100kB\""})},
       {"max_message", any(random, {"100", "\"1KiB\"", "\"12B\""})},
       {"when_full", any(random, {"\"block\"", "\"drop_newest\"", "\"evict\""})},
       {"block_timeout", any(random, {"\"250ms\"", "\"0\"", "\"1.5s\"", "\"24h\"", "\"7 us\""})},
       {"max_publishers", any(random, {"1", "2", "64"})},
       {"max_subscribers", any(random, {"1", "17", "256"})},
       {"segment", any(random, {"\"auto\"", "\"sealed\""})},
       {"fences", any(random, {"\"auto\"", "\"full\""})},
       {"alignment", any(random, {"8", "64", "512"})},
       {"publish", access(random)},
       {"subscribe", access(random)}});
}

Value channels(Random& random) {
  Value list{.kind = Value::Kind::list};
  for (std::size_t i = 1 + below(random, 5); i != 0; --i) {
    Value channel = settings(random);
    const auto at = static_cast<std::ptrdiff_t>(below(random, channel.children.size() + 1));
    channel.children.insert(channel.children.begin() + at,
                            {"name", scalar("\"channel-" + std::to_string(i) +
                                            one_of<std::string>(random, {"", ".a", "_B"}) + "\"")});
    list.children.emplace_back("", std::move(channel));
  }
  return list;
}

}  // namespace

std::string render(Value& root, Random& random) {
  return Renderer(random).run(root);
}

Value valid_document(Random& random) {
  Value root = some_of(
      random,
      {{"bus", some_of(random, {{"name", any(random, {"\"plant\"", "\"a-b_C9\""})},
                                {"socket", any(random, {"\"/run/plant.sock\"", "\"/a\""})},
                                {"socket_mode", any(random, {"\"0600\"", "\"0666\"", "\"0000\""})},
                                {"socket_group", any(random, {"0", "\"root\"", "7"})}})},
       {"admin", access(random)},
       {"defaults", settings(random)},
       {"limits", some_of(random, {{"memory", scalar("\"8GiB\"")},
                                   {"clients", any(random, {"100", "1000"})},
                                   {"channels", any(random, {"100", "4096"})},
                                   {"per_user",
                                    some_of(random, {{"memory", any(random, {"\"1MiB\"", "4096"})},
                                                     {"clients", any(random, {"1", "50"})},
                                                     {"channels", any(random, {"1", "50"})}})}})},
       {"dynamic_channels", any(random, {"true", "false"})},
       {"log", some_of(random, {{"level", any(random, {"\"info\"", "\"off\""})},
                                {"target", any(random, {"\"auto\"", "\"journal\""})}})}});
  const auto at = static_cast<std::ptrdiff_t>(below(random, root.children.size() + 1));
  root.children.insert(root.children.begin() + at, {"channels", channels(random)});
  return root;
}

}  // namespace busbar::test
