#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// The control protocol's messages as values (docs/control-protocol.md). No JSON here.

namespace busbar::control {

inline constexpr std::size_t kLargestPacket = 65536;
// Requests are read by the one thread that everybody waits for. The largest that makes sense
// creates a channel with four lists of 64 numbers: 3 KiB.
inline constexpr std::size_t kLargestRequest = 16384;
inline constexpr std::size_t kMostRequestItems = 512;

struct ProcessStatement {  // what the client says of itself; believed for its own channels only
  std::uint64_t pid = 0;
  std::uint64_t start_time = 0;
  std::uint64_t pid_namespace = 0;
};

// ---- requests ----
struct Hello {
  int protocol = 0;
  std::string library;            // version
  std::uint32_t layout_from = 0;  // range of layouts that the client can serve
  std::uint32_t layout_to = 0;
  std::string name;  // the client's
  ProcessStatement process;
  // Of who was here before: his session, if this or an earlier broker still knows it by the secret.
  std::uint64_t session = 0;  // 0: a new one
  std::string secret = {};
  std::uint64_t last_grant = 0;  // the highest that has reached him: later ones never did
};
/// Who may do something. Numbers of the machine that the broker runs on; its own user and root
/// always may.
struct Access {
  bool everybody = false;
  std::vector<std::uint32_t> users = {}, groups = {};

  bool operator==(const Access&) const = default;
};
struct ChannelSettings {  // all optional: what is missing is the broker's default
  std::optional<std::uint64_t> capacity = {}, max_message = {};
  std::optional<std::string> when_full = {};  // "block", "drop_newest", "evict"
  std::optional<std::uint64_t> block_timeout_ns = {};
  std::optional<std::uint32_t> max_publishers = {}, max_subscribers = {}, alignment = {};
  std::optional<std::string> segment = {};     // "auto", "named", "sealed"
  std::optional<std::string> fences = {};      // "auto", "full"
  std::optional<std::string> huge_pages = {};  // "off", "try"
  std::optional<std::uint32_t> numa_node = {};
  std::optional<bool> lock_memory = {};
  std::optional<Access> publish = {}, subscribe = {};

  bool operator==(const ChannelSettings&) const = default;
};
struct Create {
  std::string channel;
  ChannelSettings settings;
};
enum class Role { publisher, subscriber };
struct Open {
  std::string channel;
  Role role = Role::publisher;
};
struct Leave {  // a notice: id 0, no reply
  std::uint64_t channel_id = 0;
  Role role = Role::publisher;
  std::uint32_t index = 0;  // slot or seat
  std::uint64_t grant = 0;  // as in `opened`: a late notice never takes a later holder's place
};
struct Remove {
  std::string channel;
  bool force = false;
};
/// Long answers come in pages: ask again with `after` = the last name (or client id) received,
/// until `more` is false.
struct List {
  std::string after;
};
/// Members of a channel are numbered: slots from 0, seats from kFirstSeat. An answer begins with
/// the first member that is not below `from`; ask again with its `next` until that is 0.
struct Show {
  std::string channel;
  std::uint32_t from = 0;
};
inline constexpr std::uint32_t kFirstSeat = 64;
struct Clients {
  std::uint64_t after = 0;
};
struct Broker {};
struct Reload {};
struct HeldUp {  // a notice: a place of this client has been waiting for another one for long
  std::uint64_t channel_id = 0;
  Role role = Role::publisher;
  std::uint32_t index = 0;
  std::uint64_t grant = 0;
  Role by_role = Role::publisher;
  std::uint32_t by_index = 0;
};

using RequestBody =
    std::variant<Hello, Create, Open, Leave, Remove, List, Show, Clients, Broker, Reload, HeldUp>;
struct Request {
  std::uint64_t id = 0;  // chosen by the client, repeated in the reply
  RequestBody body;
};

// ---- replies ----
struct Failure {
  int code = 0;  // busbar::Errc
  std::string text;
};
struct Welcome {
  int protocol = 0;
  std::string broker;  // version
  std::string bus;
  std::uint64_t session = 0;
  std::string secret;       // 32 hex digits: proves the session to this broker and to the next
  std::uint64_t epoch = 0;  // counts the brokers of this bus, restarts included
  bool resumed = false;     // the session that was asked for goes on, with the places that it holds
  std::vector<std::uint64_t> lost = {};  // channels that are no more: their places are orphans
};
/// What a channel's subscribers do to it, all of them together.
struct LoadReport {
  std::uint64_t lag_bytes = 0;   // the largest of a reliable one
  std::uint64_t lag_client = 0;  // whose that is: session and name
  std::string lag_name;
  std::uint64_t lost = 0;  // by those that are there
  std::uint64_t held = 0, held_bytes = 0;
  std::uint32_t held_for_ms = 0;  // the longest
  std::uint64_t held_client = 0;  // whose that is
  std::string held_name;
};
struct ChannelReport {
  std::string name;
  std::uint64_t capacity = 0, max_message = 0, block_timeout_ns = 0;
  std::string when_full, segment, fences;
  std::uint32_t max_publishers = 0, max_subscribers = 0, alignment = 0;
  std::uint32_t publishers = 0, subscribers = 0;
  std::uint64_t claimed = 0, tail = 0, sequence = 0, dropped = 0, evicted = 0, memory = 0;
  std::string huge_pages;                       // "off", "try"
  std::uint64_t huge_bytes = 0;                 // of the ring, in huge pages
  std::optional<std::uint32_t> numa_node = {};  // that was asked for
  bool lock_memory = false;                     // the same
  std::vector<std::string> fallbacks = {};      // what of these three the system refused, in words
  LoadReport load;
};
struct Created {
  ChannelReport channel;
};
struct Opened {  // with two descriptors: ring (read-only for a subscriber), seats
  std::uint64_t channel_id = 0;
  std::uint32_t index = 0;  // slot or seat
  std::uint64_t grant = 0;  // number of this grant
};
struct Done {};
struct ChannelList {
  std::vector<ChannelReport> channels;
  bool more = false;
  std::string next;  // what `after` has to be for the next page
};
struct PublisherReport {
  std::uint32_t slot = 0;
  std::uint64_t client = 0;
  std::string name;
  std::int64_t pid = 0;
  std::uint64_t open_bytes = 0;
  bool ended = false;
};
struct HeldReport {
  std::uint64_t bytes = 0;  // of the record
  std::uint32_t for_ms = 0;
};
struct SubscriberReport {
  std::uint32_t seat = 0;
  std::uint64_t client = 0;
  std::string name;
  std::int64_t pid = 0;
  std::string state;  // "joining", "reliable", "lossy", "evicted", "leaving", "unknown"
  std::uint64_t cursor = 0, lag_bytes = 0, lost = 0;
  std::vector<HeldReport> held;
};
struct ChannelShown {
  ChannelReport channel;
  Access publish, subscribe;
  std::vector<PublisherReport> publishers;
  std::vector<SubscriberReport> subscribers;
  std::uint32_t next = 0;
};
struct ClientReport {
  std::uint64_t id = 0;
  std::string name;
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::string library;
  std::uint32_t publishers = 0, subscribers = 0;
  bool connected = false;
  std::string state;  // of its process: "running", "stopped", "unknown"
};
struct ClientList {
  std::vector<ClientReport> clients;
  bool more = false;
};
struct BrokerReport {
  std::string version, bus;
  std::int64_t pid = 0;
  std::uint64_t epoch = 0;
  std::uint64_t memory = 0, memory_limit = 0;
  std::uint32_t clients = 0, clients_limit = 0, channels = 0, channels_limit = 0;
  std::uint64_t uptime_ms = 0, resident = 0, descriptors = 0;
  std::uint64_t loop_turns = 0, loop_p99_us = 0, loop_max_us = 0;
};
struct Reloaded {
  std::vector<std::string> changes;  // in words, one each; empty: there were none
};

using ReplyBody = std::variant<Failure, Welcome, Created, Opened, Done, ChannelList, ChannelShown,
                               ClientList, BrokerReport, Reloaded>;
struct Reply {
  std::uint64_t id = 0;
  ReplyBody body;
};

}  // namespace busbar::control
