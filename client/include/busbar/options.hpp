#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/wait_policy.hpp"

namespace busbar {

/// How to reach the broker.
struct ConnectOptions {
  /// Who this is, for `busbar clients` and for messages to others; default: the program's name.
  /// At most 128 bytes.
  std::string name = {};
  /// The control socket. Empty: $BUSBAR_SOCKET, else $XDG_RUNTIME_DIR/busbar/control.sock if a
  /// broker answers there, else /run/busbar/control.sock.
  std::string socket = {};
  /// Limit of every call that needs the broker: connect, publisher, subscriber, channel calls. All
  /// but connect wait so long for a broker that has gone to come back: give them more than a
  /// restart takes.
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  /// Whether connect too waits, at most `timeout`, for a broker that is not there yet. Otherwise
  /// Errc::no_broker at once.
  bool wait_for_broker = false;
  /// For every publisher and subscriber of this Bus that does not say otherwise. Not given:
  /// $BUSBAR_WAIT (latency, balanced or power) if that is set, else balanced. A variable that is
  /// none of these is refused by connect (Errc::invalid_argument); given, it is not looked at.
  std::optional<WaitPolicy> wait = {};
  /// Whether opening a publisher or subscriber fills the page tables for the whole ring, so that
  /// its first lap has no page faults. Opening then takes some 200 ms for each GiB (2 ms in huge
  /// pages), and a large ring counts as resident in each process that has it open. The memory
  /// itself is there in any case.
  bool prefault = false;
};

/// What a subscriber's seat does to publishers.
enum class Delivery : std::uint8_t {
  reliable,  ///< every message; publishers wait for it
  lossy,     ///< publishers do not wait for it; lapped, it goes on and knows how many it missed
};

/// Where a subscriber begins.
class Start {
 public:
  /// With the next message that is claimed.
  static constexpr Start now() noexcept { return Start(Where::now); }
  /// With the oldest message that the ring still has.
  static constexpr Start oldest() noexcept { return Start(Where::oldest); }

  constexpr bool is_oldest() const noexcept { return where_ == Where::oldest; }
  friend constexpr bool operator==(Start, Start) = default;

 private:
  enum class Where : std::uint8_t { now, oldest };
  constexpr explicit Start(Where where) noexcept : where_(where) {}
  Where where_;
};

/// How a subscriber wants its seat.
struct SubscriberOptions {
  Delivery delivery = Delivery::reliable;
  Start start = Start::now();
  /// How it waits for messages. Not given: as the Bus says.
  std::optional<WaitPolicy> wait = {};
};

/// How a publisher wants its place.
struct PublisherOptions {
  /// How it waits for room, and whether a claim in a full ring leaves the subscribers alone for a
  /// moment (not with latency). Not given: as the Bus says.
  std::optional<WaitPolicy> wait = {};
};

/// What a publisher meets when there is no room.
enum class WhenFull : std::uint8_t {
  block,        ///< claim waits, at most `block_timeout`
  drop_newest,  ///< claim says Outcome::dropped, and the message is counted as dropped
  evict,        ///< reliable seats that lag a whole capacity are taken away (Outcome::evicted)
};

/// Who may do something: users and groups by the numbers of the broker's machine. The broker's own
/// user and root always may. Users whom that machine does not know (another user namespace,
/// unmapped) never may, `everybody` or not.
struct Access {
  bool everybody = false;
  std::vector<std::uint32_t> users = {};   // 64 at most
  std::vector<std::uint32_t> groups = {};  // 64 at most

  bool operator==(const Access&) const = default;
};

/// A channel's settings. Whatever is not given is the broker's default (`busbar show` tells).
struct ChannelOptions {
  /// Bytes of the ring; rounded up to a power of two, 4 KiB to 256 GiB.
  std::optional<std::uint64_t> capacity = {};
  /// Largest payload in bytes; at most half the capacity less 64 bytes, default a quarter.
  std::optional<std::uint64_t> max_message = {};
  std::optional<WhenFull> when_full = {};
  /// How long `block` waits, and `evict` for what it cannot evict.
  std::optional<std::chrono::nanoseconds> block_timeout = {};
  /// 1 to 64. A channel of one publisher needs no lock and is the fastest.
  std::optional<std::uint32_t> max_publishers = {};
  /// 1 to 256.
  std::optional<std::uint32_t> max_subscribers = {};
  /// Of payloads in bytes; a power of two, 8 to 4096.
  std::optional<std::uint32_t> alignment = {};
  /// "named" (in /dev/shm, for the broker's own user alone), "sealed" (a memfd that nobody can cut
  /// short) or "auto": named if nobody but the broker's own user and root may use the channel, else
  /// sealed.
  std::optional<std::string> segment = {};
  /// "auto" or "full".
  std::optional<std::string> fences = {};
  /// "off" or "try": the ring in pages of 2 MiB where the kernel grants them; worth it from some
  /// 4 MiB of capacity on. What of this and the next two the system refuses is in
  /// ChannelInfo::fallbacks; the channel is there all the same.
  std::optional<std::string> huge_pages = {};
  /// The NUMA node that its memory comes from as long as that has any, 0 to 1023. Default: whatever
  /// the kernel takes, as a rule the node that the broker runs on.
  std::optional<std::uint32_t> numa_node = {};
  /// Whether the broker locks it into memory, so that it is never swapped out.
  std::optional<bool> lock_memory = {};
  /// Who may open it as publisher, as subscriber. Default: nobody but the broker's own user and
  /// root.
  std::optional<Access> publish = {};
  std::optional<Access> subscribe = {};
};

}  // namespace busbar
