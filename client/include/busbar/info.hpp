#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "busbar/options.hpp"

// What the broker tells about channels and clients: plain values, copied at the time of the call.

namespace busbar {

/// What a channel's subscribers do to it, all of them together.
struct ChannelLoad {
  std::uint64_t lag_bytes = 0;   // the largest of a reliable one: publishers wait for it first
  std::uint64_t lag_client = 0;  // whose that is: ClientInfo::id, 0 if none lags
  std::string lag_name;          // and its name
  std::uint64_t lost = 0;        // messages that those missed who are there now
  std::uint64_t held = 0;        // messages that are kept in place
  std::uint64_t held_bytes = 0;
  std::chrono::milliseconds held_longest{};
  std::uint64_t held_client = 0;  // who keeps one longest, 0 if nobody does
  std::string held_name;
};

/// One line of `busbar ls`.
struct ChannelInfo {
  std::string name;
  std::uint64_t capacity = 0;     // bytes
  std::uint64_t max_message = 0;  // bytes
  WhenFull when_full = WhenFull::block;
  std::chrono::nanoseconds block_timeout{};
  std::uint32_t max_publishers = 0;
  std::uint32_t max_subscribers = 0;
  std::uint32_t alignment = 0;
  std::string segment;  // "named" or "sealed"
  std::string fences;   // "membarrier" or "full"
  std::uint32_t publishers = 0;
  std::uint32_t subscribers = 0;
  std::uint64_t claimed = 0;     // position in bytes: grows with what is published
  std::uint64_t tail = 0;        // position of the oldest record that a newcomer may start at
  std::uint64_t sequence = 0;    // claims so far
  std::uint64_t dropped = 0;     // messages refused under drop_newest
  std::uint64_t evicted = 0;     // seats taken away under evict
  std::uint64_t memory = 0;      // bytes of both segments
  std::string huge_pages;        // "off" or "try"
  std::uint64_t huge_bytes = 0;  // of the ring, that are in huge pages
  std::optional<std::uint32_t> numa_node = {};  // that was asked for
  bool lock_memory = false;                     // whether that was asked for
  std::vector<std::string> fallbacks = {};      // what of these the system refused, and why
  ChannelLoad load;
};

struct PublisherInfo {
  std::uint32_t slot = 0;
  std::uint64_t client = 0;  // ClientInfo::id
  std::string name;          // the client's
  std::int64_t pid = 0;
  std::uint64_t open_bytes = 0;  // from its oldest open claim to the claimed position, 0: none
  bool ended = false;
};

/// A message that a subscriber keeps in place.
struct HeldMessage {
  std::uint64_t bytes = 0;            // of its record
  std::chrono::milliseconds since{};  // how long it has been kept, within about 10 ms
};

struct SubscriberInfo {
  std::uint32_t seat = 0;
  std::uint64_t client = 0;
  std::string name;
  std::int64_t pid = 0;
  std::string state;              // "joining", "reliable", "lossy", "evicted", "leaving", "unknown"
  std::uint64_t cursor = 0;       // position; all ones once only its held messages remain
  std::uint64_t lag_bytes = 0;    // from its cursor to the claimed position; of a lossy or evicted
                                  // one perhaps more than the capacity
  std::uint64_t lost = 0;         // messages that it missed, if it is lossy
  std::vector<HeldMessage> held;  // without what a reliable one received last
};

/// `busbar show CHANNEL`.
struct ChannelDetails {
  ChannelInfo channel;
  Access publish;    // who may open it as publisher
  Access subscribe;  // as subscriber
  std::vector<PublisherInfo> publishers;
  std::vector<SubscriberInfo> subscribers;
};

/// One line of `busbar clients`.
struct ClientInfo {
  std::uint64_t id = 0;  // of its session
  std::string name;
  std::int64_t pid = 0;  // as the broker sees it
  std::uint32_t uid = 0;
  std::string library;  // version
  std::uint32_t publishers = 0;
  std::uint32_t subscribers = 0;
  bool connected = false;  // false: it is away; its process is alive and holds places
  std::string state;       // of its process: "running", "stopped" or, not seen from here, "unknown"
};

/// The broker itself.
struct BrokerInfo {
  std::string version;
  std::string bus;
  std::int64_t pid = 0;
  std::uint64_t epoch = 0;   // counts the brokers of this bus: another one after each restart
  std::uint64_t memory = 0;  // bytes of all segments
  std::uint64_t memory_limit = 0;
  std::uint32_t clients = 0;
  std::uint32_t clients_limit = 0;
  std::uint32_t channels = 0;
  std::uint32_t channels_limit = 0;
  std::chrono::milliseconds uptime{};
  std::uint64_t resident = 0;            // bytes of the broker's process in memory
  std::uint64_t descriptors = 0;         // that it has open; 0: a kernel before 6.2 does not tell
  std::uint64_t loop_turns = 0;          // of its main loop: each serves whoever asked meanwhile
  std::chrono::microseconds loop_p99{};  // what 99 % of them took at most, as a power of two
  std::chrono::microseconds loop_max{};  // the longest that it ever kept a client waiting
};

}  // namespace busbar
