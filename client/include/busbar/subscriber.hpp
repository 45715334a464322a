#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "busbar/message.hpp"
#include "busbar/options.hpp"

namespace busbar {

/// A seat on one channel.
///
/// Thread safety: one thread at a time; interrupt() alone may be called from any thread and from a
/// signal handler; messages may be released on any thread. Lifetime: once destroyed it stops
/// gating publishers; messages that are still held stay as they are, and are stepped over.
/// The broker may go and come back meanwhile; only if the next one does not know the channel any
/// more does the seat say closed, behind everything that is there.
/// After fork the child's copy is dead: calls throw Errc::forked, destruction touches nothing.
class BUSBAR_EXPORT Subscriber {
 public:
  Subscriber(Subscriber&& other) noexcept;
  Subscriber& operator=(Subscriber&& other) noexcept;
  ~Subscriber();

  /// The next message; waits for it without limit, or at most `timeout`. Outcomes: ok; timeout;
  /// interrupted; ended (end of stream; a later call goes on with what comes after); closed;
  /// too_many_held (8 messages of this seat are still held); overrun (a lossy seat was lapped and
  /// lost() has grown; a later call goes on with the oldest message that is there); evicted (the
  /// seat is gone for good: it lagged a whole capacity on a channel that says `evict`).
  Message receive();
  Message receive(std::chrono::nanoseconds timeout);
  /// As receive(), but never waits: empty if nothing is there.
  Message try_receive();

  /// Calls `callback(const Message&)` for up to `most` messages that are waiting and returns how
  /// many. Never waits. The messages are valid inside the callback only, and the seat's cursor
  /// moves once, behind them all: the fastest way to receive. If the callback throws, the cursor
  /// has moved past every message whose callback was entered. poll_outcome() tells why it stopped.
  /// A callback that receives or polls from the same Subscriber gets Errc::misuse.
  template <typename Callback>
  int poll(Callback&& callback, int most);

  /// Why the last poll() stopped: ok (it had `most`), empty, ended, closed, overrun, evicted;
  /// too_many_held only for a lossy seat or on a channel that says `evict`.
  Outcome poll_outcome() const;

  /// Waits, as the seat's wait policy says, until receive or poll has something to say; takes
  /// nothing. Without limit, or at most `timeout`. Outcomes: ok (a message or what else
  /// poll_outcome() tells: ended, overrun); timeout; interrupted; closed; evicted; too_many_held
  /// (where poll says so: release a message first). So this loop waits between batches and ends
  /// with the channel:
  ///   while (subscriber.wait() == Outcome::ok) subscriber.poll(callback, 256);
  /// The end of a stream does not end it, look at poll_outcome() for that. Who neither polls nor
  /// receives after ok is told ok again at once.
  Outcome wait();
  Outcome wait(std::chrono::nanoseconds timeout);

  /// Messages that this seat missed, exactly: at every moment what was received and lost() make
  /// what was committed since it joined and up to where it reads on. 0 for a reliable one.
  std::uint64_t lost() const noexcept;

  /// Messages that publishers of this channel dropped under drop_newest, all together.
  std::uint64_t dropped() const;

  /// A waiting receive or wait returns Outcome::interrupted; if none waits, the next one that would
  /// wait does. Any thread, any signal handler; the Subscriber must be alive.
  void interrupt() noexcept;

  /// The channel's name, its largest message in bytes, and its capacity in bytes. Throw
  /// Errc::misuse on a moved-from handle, as every other call.
  const std::string& channel() const;
  std::size_t max_message() const;
  std::size_t capacity() const;

 private:
  friend class Bus;
  using Visit = void (*)(void* callback, const Message& message);
  explicit Subscriber(SubscriberCore* core) noexcept : core_(core) {}
  SubscriberCore& core() const;
  int poll_with(Visit visit, void* callback, int most);

  SubscriberCore* core_ = nullptr;
};

template <typename Callback>
int Subscriber::poll(Callback&& callback, int most) {
  using Target = std::remove_reference_t<Callback>;
  return poll_with(
      [](void* target, const Message& message) { (*static_cast<Target*>(target))(message); },
      const_cast<std::remove_const_t<Target>*>(std::addressof(callback)), most);
}

}  // namespace busbar
