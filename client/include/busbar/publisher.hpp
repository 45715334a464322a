#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "busbar/claim.hpp"

namespace busbar {

/// A publisher's place on one channel.
///
/// Thread safety: one thread at a time, its claims included; interrupt() alone may be called from
/// any thread and from a signal handler. Lifetime: open claims keep the place until they end.
/// The broker may go and come back meanwhile; only if the next one does not know the channel any
/// more do claims say closed, soon after.
/// After fork the child's copy is dead: calls throw Errc::forked, destruction touches nothing.
class BUSBAR_EXPORT Publisher {
 public:
  Publisher(Publisher&& other) noexcept;
  Publisher& operator=(Publisher&& other) noexcept;
  ~Publisher();

  /// Room for a message of `size` bytes (0 is allowed). Without room it waits as the channel's
  /// when_full says. On a channel that says block, in a ring so full that each look finds room for
  /// a few messages, it leaves the subscribers' lines alone for some microseconds before it looks
  /// (never with the wait policy latency). Outcomes: ok; timeout (after the channel's
  /// block_timeout; under evict too, for open claims of others and held messages that leave no
  /// room); dropped (drop_newest; counted); full (the caller's own open claims stand in the way,
  /// perhaps because held messages leave no place but in them: commit those first); interrupted;
  /// closed (learnt with the first commit after it, at the latest); ended (after end()). Throws
  /// Errc::too_large beyond max_message, misuse, forked.
  Claim claim(std::size_t size) {
    hot::Publishing* const publishing = publishing_;
    if (BUSBAR_NEARLY_ALWAYS(publishing != nullptr)) {
      const std::uint64_t position = publishing->next;
      std::byte* const data = publishing->claim(size);
      if (BUSBAR_NEARLY_ALWAYS(data != nullptr)) return {publishing, data, position, size};
    }
    return {publishing, detail::claim_slowly(publishing, size), size};
  }

  /// As claim(), but never waits: full where claim would wait, and with several publishers also if
  /// another one is just claiming: try again.
  Claim try_claim(std::size_t size) {
    hot::Publishing* const publishing = publishing_;
    if (BUSBAR_NEARLY_ALWAYS(publishing != nullptr)) {
      const std::uint64_t position = publishing->next;
      std::byte* const data = publishing->claim(size);
      if (BUSBAR_NEARLY_ALWAYS(data != nullptr)) return {publishing, data, position, size};
    }
    return {publishing, detail::try_claim_slowly(publishing, size), size};
  }

  /// claim, copy, commit in one call; the message's type is `type`. Outcomes and errors of claim().
  Outcome publish(std::span<const std::byte> message, std::uint32_t type = 0) {
    return copy_and_commit(claim(message.size()), message, type);
  }
  /// As publish(), but never waits.
  Outcome try_publish(std::span<const std::byte> message, std::uint32_t type = 0) {
    return copy_and_commit(try_claim(message.size()), message, type);
  }

  /// Commits several claims of this publisher, each whole: none is visible before all are. (A
  /// process that is killed inside may, on a channel of several publishers, leave the later ones
  /// without the first.) Throws Errc::misuse if one is empty or another publisher's, and then
  /// commits none.
  void commit(std::span<Claim> claims);

  /// End of stream: subscribers get Outcome::ended behind everything that was committed, once every
  /// publisher that is attached has called end(). Later claims get Outcome::ended. Waits for room
  /// at most block_timeout, whatever when_full says. Outcomes: ok, timeout, interrupted, closed,
  /// ended. Throws Errc::misuse while claims are open.
  Outcome end();

  /// A waiting claim, publish or end returns Outcome::interrupted; if none waits, the next one that
  /// would wait does. Any thread, any signal handler; the Publisher must be alive.
  void interrupt() noexcept;

  /// The channel's name, its largest message in bytes, and its capacity in bytes. Throw
  /// Errc::misuse on a moved-from handle, as every other call.
  const std::string& channel() const;
  std::size_t max_message() const;
  std::size_t capacity() const;

 private:
  friend class Bus;
  explicit Publisher(PublisherCore* core) noexcept;
  PublisherCore& core() const;

  static Outcome copy_and_commit(Claim claim, std::span<const std::byte> message,
                                 std::uint32_t type) {
    if (!claim) [[unlikely]]
      return claim.outcome();
    if (!message.empty()) std::memcpy(claim.data(), message.data(), message.size());
    claim.set_type(type);
    claim.commit();
    return Outcome::ok;
  }

  hot::Publishing* publishing_ = nullptr;  // null: moved from
};

}  // namespace busbar
