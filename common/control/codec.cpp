#include "common/control/codec.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/version.hpp"
#include "common/control/codec_fields.hpp"

namespace busbar::control {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 5;  // held messages: reply, list, subscriber, list, message
constexpr std::size_t kLongestFound = 60;

template <class T>
constexpr const char* kKind = nullptr;  // the word behind "request" or "reply"
template <>
constexpr const char* kKind<Hello> = "hello";
template <>
constexpr const char* kKind<Create> = "create";
template <>
constexpr const char* kKind<Open> = "open";
template <>
constexpr const char* kKind<Leave> = "leave";
template <>
constexpr const char* kKind<Remove> = "remove";
template <>
constexpr const char* kKind<List> = "list";
template <>
constexpr const char* kKind<Show> = "show";
template <>
constexpr const char* kKind<Clients> = "clients";
template <>
constexpr const char* kKind<Broker> = "broker";
template <>
constexpr const char* kKind<Reload> = "reload";
template <>
constexpr const char* kKind<HeldUp> = "held_up";
template <>
constexpr const char* kKind<Reloaded> = "reloaded";
template <>
constexpr const char* kKind<Welcome> = "welcome";
template <>
constexpr const char* kKind<Created> = "created";
template <>
constexpr const char* kKind<Opened> = "opened";
template <>
constexpr const char* kKind<Done> = "done";
template <>
constexpr const char* kKind<ChannelList> = "channels";
template <>
constexpr const char* kKind<ChannelShown> = "channel";
template <>
constexpr const char* kKind<ClientList> = "clients";
template <>
constexpr const char* kKind<BrokerReport> = "broker";

constexpr std::array<const char*, 2> kRoles{"publisher", "subscriber"};

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept Plain = Number<T> || std::same_as<T, bool> || std::same_as<T, std::string>;

/// Puts a message's fields into a JSON object.
class Writer {
 public:
  template <class T>
  using Ref = const T&;

  explicit Writer(Json& object) : object_(object) {}

  template <class T>
  void operator()(const char* key, const T& value) {
    object_[key] = to_json(value);
  }
  template <class T>
  void operator()(const char* key, const std::optional<T>& value) {
    if (value) object_[key] = to_json(*value);
  }
  template <class T>
  void or_default(const char* key, const T& value) {
    (*this)(key, value);
  }

 private:
  template <Plain T>
  static Json to_json(const T& value) {
    return value;
  }
  static Json to_json(Role role) { return kRoles[static_cast<std::size_t>(role)]; }
  template <class T>
  static Json to_json(const std::vector<T>& list) {
    Json array = Json::array();
    for (const auto& item : list) array.push_back(to_json(item));
    return array;
  }
  template <class T>
  static Json to_json(const T& message) {
    Json object = Json::object();
    Writer writer(object);
    fields(writer, message);
    return object;
  }

  Json& object_;
};

std::string text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

[[noreturn]] void violated(const std::string& what) {
  throw Error(Errc::protocol, "control protocol violated: " + what);
}

/// Takes a message's fields out of a JSON object; finish() refuses what nobody has asked for.
class Reader {
 public:
  template <class T>
  using Ref = T&;

  Reader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) violated(where_ + " is " + found(object) + ", expected an object");
  }

  template <class T>
  void operator()(const char* key, T& value) {
    const Json* json = find(key);
    if (json == nullptr) violated(where_ + " has no key \"" + key + "\"");
    read(*json, key, value);
  }
  template <class T>
  void operator()(const char* key, std::optional<T>& value) {
    if (const Json* json = find(key)) read(*json, key, value.emplace());
  }
  template <class T>
  void or_default(const char* key, T& value) {
    if (const Json* json = find(key)) read(*json, key, value);
  }

  void finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      violated(where_ + " has the unknown key " + busbar::quoted(key));
    }
  }

 private:
  const Json* find(const char* key) {
    known_.emplace_back(key);
    const auto at = object_.find(key);
    return at == object_.end() ? nullptr : &*at;
  }

  static std::string found(const Json& value) {
    return busbar::quoted(text_of(value).substr(0, kLongestFound));
  }

  [[noreturn]] void wrong(const Json& json, const char* key, const std::string& expected) const {
    violated("key \"" + std::string(key) + "\" of " + where_ + " is " + found(json) +
             ", expected " + expected);
  }

  template <Number T>
  void read(const Json& json, const char* key, T& value) const {
    using Limits = std::numeric_limits<T>;
    const bool fits = json.is_number_unsigned()
                          ? std::in_range<T>(json.get<std::uint64_t>())
                          : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
    if (!fits) {
      wrong(json, key,
            "a whole number from " + std::to_string(Limits::min()) + " to " +
                std::to_string(Limits::max()));
    }
    value = json.get<T>();
  }
  void read(const Json& json, const char* key, bool& value) const {
    if (!json.is_boolean()) wrong(json, key, "true or false");
    value = json.get<bool>();
  }
  void read(const Json& json, const char* key, std::string& value) const {
    if (!json.is_string()) wrong(json, key, "a string");
    value = json.get<std::string>();
  }
  void read(const Json& json, const char* key, Role& value) const {
    const auto at = std::find(kRoles.begin(), kRoles.end(), json);
    if (at == kRoles.end()) wrong(json, key, "\"publisher\" or \"subscriber\"");
    value = static_cast<Role>(at - kRoles.begin());
  }
  template <class T>
  void read(const Json& json, const char* key, std::vector<T>& value) const {
    if (!json.is_array()) wrong(json, key, "an array");
    for (const Json& item : json) read(item, key, value.emplace_back());
  }
  template <class T>
  void read(const Json& json, const char* key, T& value) const {
    Reader reader(json, std::string("\"").append(key).append("\""));
    fields(reader, value);
    reader.finish();
  }

  const Json& object_;
  std::string where_;
  std::vector<std::string> known_;
};

struct Bounds {
  std::size_t bytes = kLargestPacket;
  std::size_t items = std::numeric_limits<std::size_t>::max() / 2;  // of lists
};

/// Refuses at the first level too deep, the first item of lists too many, and keys that occur twice
/// in one object.
class Watchman {
 public:
  explicit Watchman(std::size_t most_items) : items_left_(most_items + 1) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& value) {
    if (depth > kDeepest) violated("nested deeper than " + std::to_string(kDeepest) + " levels");
    count(event);
    const auto level = static_cast<std::size_t>(depth);
    if (keys_.size() <= level + 1) keys_.resize(level + 2);
    if (event == Json::parse_event_t::object_start) keys_[level + 1].clear();
    if (event == Json::parse_event_t::key) note(keys_[level], value.get_ref<const std::string&>());
    return true;
  }

 private:
  /// What no key announces is an item of a list, or the packet's one object.
  void count(Json::parse_event_t event) {
    using Event = Json::parse_event_t;  // clang 14 knows no `using enum` of an alias
    if (event == Event::key) ++items_left_;
    if (event != Event::value && event != Event::array_start && event != Event::object_start)
      return;
    if (items_left_ == 0) violated("lists of more items than any request has");
    --items_left_;
  }

  static void note(std::vector<std::string>& keys, const std::string& key) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      violated("the key " + busbar::quoted(key) + " occurs twice");
    }
    if (keys.size() >= 32) violated("an object with more than 32 keys");
    keys.push_back(key);
  }

  std::size_t items_left_;
  std::vector<std::vector<std::string>> keys_;
};

Json parse(std::string_view packet, const Bounds& bounds) {
  if (packet.size() > bounds.bytes) {
    violated("a packet of " + std::to_string(packet.size()) + " bytes, the largest has " +
             std::to_string(bounds.bytes));
  }
  try {
    Json json = Json::parse(packet.begin(), packet.end(), Watchman(bounds.items));
    if (!json.is_object()) violated("a packet is one JSON object");
    return json;
  } catch (const Json::exception& error) {
    violated("a packet that is no JSON in UTF-8: " + busbar::quoted(error.what()));
  }
}

std::string string_at(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// A hello of another protocol may have other keys: who sends it is to hear about versions.
bool foreign_hello(const Json& json, Hello& hello) {
  const auto at = json.find("protocol");
  if (at == json.end() || !at->is_number_unsigned() || *at == kControlProtocol) return false;
  const auto protocol = at->get<std::uint64_t>();
  hello.protocol = std::in_range<int>(protocol) ? static_cast<int>(protocol) : -1;
  hello.library = string_at(json, "library");
  return true;
}

/// Fills `body` with the alternative whose kind is `kind`; false if there is none.
template <class T, class Body>
bool read_as(const Json& json, const char* key, const std::string& kind, Body& body) {
  if (kKind<T> == nullptr || kind != kKind<T>) return false;
  T& message = body.template emplace<T>();
  if constexpr (std::same_as<T, Hello>) {
    if (foreign_hello(json, message)) return true;
  }
  Reader reader(json, std::string(key) + " \"" + kind + "\"");
  std::uint64_t id = 0;
  std::string word;
  reader("id", id);
  reader(key, word);
  fields(reader, message);
  reader.finish();
  return true;
}

template <class... T>
void read_body(const Json& json, const char* key, std::variant<T...>& body) {
  if (string_at(json, key).empty()) violated("no \"" + std::string(key) + "\" that is a word");
  const std::string kind = string_at(json, key);
  if (!(read_as<T>(json, key, kind, body) || ...)) {
    violated("unknown " + std::string(key) + " " + busbar::quoted(kind));
  }
}

std::uint64_t id_of(const Json& json) {
  const auto at = json.find("id");
  if (at == json.end() || !at->is_number_unsigned()) {
    violated("no \"id\" that is a whole number from 0 to 18446744073709551615");
  }
  return at->get<std::uint64_t>();
}

Failure read_failure(const Json& json) {
  Reader reader(json, "an error reply");
  std::uint64_t id = 0;
  Failure failure;
  reader("id", id);
  reader("error", failure);
  reader.finish();
  return failure;
}

template <class Message>
Json body_of(std::uint64_t id, const char* key, const Message& message) {
  Json json{{"id", id}};
  Writer writer(json);
  if constexpr (std::same_as<Message, Failure>) {
    writer("error", message);
  } else {
    json[key] = kKind<Message>;
    fields(writer, message);
  }
  return json;
}

template <class Message>
std::string encode_as(const Message& message, const char* key) {
  return text_of(
      std::visit([&](const auto& body) { return body_of(message.id, key, body); }, message.body));
}

}  // namespace

std::string encode(const Request& request) {
  return encode_as(request, "request");
}

std::string encode(const Reply& reply) {
  return encode_as(reply, "reply");
}

Request decode_request(std::string_view packet, std::uint64_t& id) {
  id = 0;
  const Json json = parse(packet, {kLargestRequest, kMostRequestItems});
  Request request;
  request.id = id = id_of(json);
  read_body(json, "request", request.body);
  return request;
}

Reply decode_reply(std::string_view packet) {
  const Json json = parse(packet, {});
  Reply reply;
  reply.id = id_of(json);
  if (json.contains("error")) {
    reply.body = read_failure(json);
  } else {
    read_body(json, "reply", reply.body);
  }
  return reply;
}

}  // namespace busbar::control
