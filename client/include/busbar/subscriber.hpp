#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "busbar/message.hpp"
#include "busbar/options.hpp"
#include "common/hot/reading.hpp"

namespace busbar {

/// What poll() does but for its loop over plain messages. Not for users.
namespace detail {

/// False: the loop is not for this seat. Throws as poll() does.
BUSBAR_EXPORT bool begin_run(SubscriberCore& core);
/// The loop has got to `position`: the cursor moves there.
BUSBAR_EXPORT void pass_run(SubscriberCore& core, std::uint64_t position) noexcept;
/// `drained`: nothing was there any more.
BUSBAR_EXPORT void end_run(SubscriberCore& core, std::uint64_t position, std::uint64_t sequence,
                           int density, int pauses, bool drained) noexcept;
[[noreturn]] BUSBAR_EXPORT void throw_forked_run(SubscriberCore& core);
[[noreturn]] BUSBAR_EXPORT void throw_moved_from();

}  // namespace detail

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
  /// moves behind them all at the end, and on the way after each sixteenth of the capacity: the
  /// fastest way to receive. If the callback throws, the cursor
  /// has moved past every message whose callback was entered. poll_outcome() tells why it stopped.
  /// A callback that receives or polls from the same Subscriber gets Errc::misuse.
  /// Where messages come at full speed, and the wait policy is not `latency`, it lets a batch form
  /// each time it comes to the end, a few microseconds at most, and goes on as long as that brings
  /// something.
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
  /// receives after ok is told ok again at once; so is who receives while 8 messages of a reliable
  /// seat are held (too_many_held there; poll goes on). Throws Errc::misuse inside a callback of
  /// poll, Errc::forked.
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
  explicit Subscriber(SubscriberCore* core) noexcept;
  SubscriberCore& core() const {
    if (core_ == nullptr) [[unlikely]]
      detail::throw_moved_from();
    return *core_;
  }
  // Static: a callback may move this handle.
  static int poll_with(SubscriberCore& core, Visit visit, void* callback, int most);

  template <typename Callback>
  static int run(SubscriberCore& core, hot::Reading& reading, Callback& callback, int most,
                 bool& drained);

  SubscriberCore* core_ = nullptr;
  hot::Reading* reading_ = nullptr;  // the core's
};

/// Plain messages one after the other, position and sequence in registers; however the callback
/// ends, the core learns how far it got.
template <typename Callback>
int Subscriber::run(SubscriberCore& core, hot::Reading& reading, Callback& callback, int most,
                    bool& drained) {
  struct Run {
    SubscriberCore& core;
    hot::Reading at;
    bool drained = false;
    ~Run() { detail::end_run(core, at.position, at.sequence, at.density, at.pauses, drained); }
  } run{core, reading};
  hot::Reading::Like like;
  const std::uint64_t far = run.at.capacity / 16;
  std::uint64_t pass_at = run.at.position + far;
  int count = 0;
  int looked = 0;  // count at the last look that found nothing more
  while (count < most) {
    const layout::Word word = run.at.look();
    if (!hot::Reading::is(word, like)) {
      if (!run.at.is_plain(word)) [[unlikely]] {
        run.drained = word.state() <= layout::RecordState::claimed;
        if (!run.drained || !run.at.lets_batch_form(count - looked)) break;
        looked = count;
        run.drained = false;  // more may have come, and be all that was asked for
        continue;
      }
      like = run.at.like(word);
    }
    Message message(Outcome::ok);
    message.data_ = run.at.payload();
    hot::Record record;
    run.at.take(like, record);
    message.size_ = record.size;
    message.sequence_ = record.sequence;
    message.type_ = record.type;
    ++count;
    callback(static_cast<const Message&>(message));
    if (BUSBAR_HARDLY_EVER(run.at.is_alive->load(std::memory_order_relaxed) == 0)) {
      detail::throw_forked_run(core);
    }
    if (BUSBAR_HARDLY_EVER(run.at.position >= pass_at)) {
      detail::pass_run(core, run.at.position);
      pass_at = run.at.position + far;
    }
  }
  drained = run.drained;
  return count;
}

template <typename Callback>
int Subscriber::poll(Callback&& callback, int most) {
  using Target = std::remove_reference_t<Callback>;
  if (most < 0) most = 0;
  SubscriberCore& core = this->core();
  hot::Reading& reading = *reading_;
  int count = 0;
  if (most > 0 && reading.is_plain(reading.look()) && detail::begin_run(core)) {
    bool drained = false;
    count = run(core, reading, callback, most, drained);
    if (drained || count == most) return count;
  } else {
    reading.lets_batch_form(0);
  }
  // Nothing, or something else than a plain message.
  return count +
         poll_with(
             core,
             [](void* target, const Message& message) { (*static_cast<Target*>(target))(message); },
             const_cast<std::remove_const_t<Target>*>(std::addressof(callback)), most - count);
}

}  // namespace busbar
