#include "client/src/subscriber_core.hpp"

namespace busbar {
namespace {

// Some microseconds, what a message of a stream at full speed can be late so that a batch forms.
constexpr int kMostBatchPauses = 128;

ring::JoinAt join_at(const SubscriberOptions& options) {
  return options.start.is_oldest() ? ring::JoinAt::oldest : ring::JoinAt::now;
}

ring::SeatKind kind_of(const SubscriberOptions& options) {
  return options.delivery == Delivery::lossy ? ring::SeatKind::lossy : ring::SeatKind::reliable;
}

class Polling {
 public:
  explicit Polling(bool& flag) : flag_(flag) { flag_ = true; }
  Polling(const Polling&) = delete;
  Polling& operator=(const Polling&) = delete;
  ~Polling() { flag_ = false; }

 private:
  bool& flag_;
};

}  // namespace

SubscriberCore::SubscriberCore(std::shared_ptr<Connection> connection, std::string channel,
                               const SubscriberOptions& options)
    : mapping_(std::move(connection), std::move(channel), control::Role::subscriber),
      receiver_(mapping_.ring(), mapping_.index(), join_at(options), kind_of(options)) {
  receiver_.set_lookout(&mapping_.attendance());
  const WaitPolicy policy = options.wait.value_or(mapping_.wait_policy());
  receiver_.set_wait_policy(policy);
  receiver_.reading().is_alive = &mapping_.alive();
  receiver_.reading().most_pauses = policy == WaitPolicy::latency ? 0 : kMostBatchPauses;
}

bool SubscriberCore::begin_run() {
  mapping_.require_not_forked();
  if (polling_) throw_polling();
  if (!receiver_.begin_run()) return false;
  polling_ = true;
  return true;
}

void SubscriberCore::end_run(std::uint64_t position, std::uint64_t sequence, int density,
                             int pauses, bool drained) noexcept {
  polling_ = false;
  hot::Reading& reading = receiver_.reading();
  reading.position = position;
  reading.sequence = sequence;
  reading.density = density;
  reading.pauses = pauses;
  leave_if_forked();
  receiver_.pass(position);
  poll_outcome_ = drained ? receiver_.nothing_there() : Outcome::ok;
  if (poll_outcome_ == Outcome::empty && mapping_.attendance().is_due()) end_orphans_poll();
}

/// What lies in front of the end of an orphan's stream is received first.
Message SubscriberCore::take_unless_orphan() {
  const bool goes_on = mapping_.attendance().look(nullptr);
  Message message = take();
  if (goes_on || message.outcome() != Outcome::empty) return message;
  return Message(Outcome::closed);
}

Message SubscriberCore::receive(const Deadline& deadline) {
  for (;;) {
    Message message = try_receive();
    if (message.outcome() != Outcome::empty) [[likely]]
      return message;
    const Outcome waited = receiver_.await(deadline, interrupt_);
    if (waited == Outcome::closed) return take_unless_orphan();
    if (waited != Outcome::ok) return Message(waited);
  }
}

Outcome SubscriberCore::wait(const Deadline& deadline) {
  mapping_.require_not_forked();
  if (polling_) throw_polling();
  receiver_.reading().waited();
  return receiver_.await_poll(deadline, interrupt_);
}

/// The clock is read only if nothing is there.
Outcome SubscriberCore::wait(std::chrono::nanoseconds timeout) {
  mapping_.require_not_forked();
  if (polling_) throw_polling();
  receiver_.reading().waited();
  const Outcome outcome = receiver_.look();
  return outcome == Outcome::empty ? receiver_.await_poll(Deadline::after(timeout), interrupt_)
                                   : outcome;
}

void SubscriberCore::throw_polling() {
  throw Error(
      Errc::misuse,
      "receive, wait or poll inside a callback of poll on the same Subscriber; return first, or "
      "receive instead of polling");
}

int SubscriberCore::poll(void (*visit)(void*, const Message&), void* callback, int most) {
  mapping_.require_not_forked();
  if (polling_) throw_polling();
  const Polling polling(polling_);
  const int count = receiver_.poll(most, poll_outcome_, [&](const ring::Record& record) {
    Message message(Outcome::ok);
    fill(message, record);
    try {
      visit(callback, message);
    } catch (...) {
      leave_if_forked();  // a callback may fork, however it ends
      throw;
    }
    leave_if_forked();
    mapping_.require_not_forked();
  });
  if (poll_outcome_ == Outcome::empty && mapping_.attendance().is_due()) end_orphans_poll();
  return count;
}

/// The poll that follows the loss gets what is still there; only when that was nothing is it over.
void SubscriberCore::end_orphans_poll() noexcept {
  const bool was_orphan = mapping_.attendance().is_orphan();
  mapping_.attendance().look(nullptr);
  if (was_orphan) poll_outcome_ = Outcome::closed;
}

void SubscriberCore::release(std::uint32_t hold) noexcept {
  if (mapping_.forked()) receiver_.detach();
  if (receiver_.let_go(hold)) delete this;
}

void SubscriberCore::interrupt() noexcept {
  if (mapping_.forked()) return;
  interrupt_.raise(mapping_.ring().seats[mapping_.index()].bell);
}

std::uint64_t SubscriberCore::dropped() const noexcept {
  return mapping_.ring().control->channel.dropped.load(std::memory_order_relaxed);
}

void SubscriberCore::close() noexcept {
  if (mapping_.forked()) receiver_.detach();
  if (receiver_.close()) delete this;
}

}  // namespace busbar
