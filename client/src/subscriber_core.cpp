#include "client/src/subscriber_core.hpp"

namespace busbar {
namespace {

ring::JoinAt join_at(const SubscriberOptions& options) {
  return options.start.is_oldest() ? ring::JoinAt::oldest : ring::JoinAt::now;
}

/// Moves the cursor behind everything that was polled, also when a callback throws.
class CursorOnExit {
 public:
  CursorOnExit(const ChannelMapping& mapping, ring::Holds& holds, const ring::Reader& reader)
      : mapping_(mapping), holds_(holds), reader_(reader) {}
  CursorOnExit(const CursorOnExit&) = delete;
  CursorOnExit& operator=(const CursorOnExit&) = delete;
  ~CursorOnExit() {
    // A callback may have forked: the child leaves the parent's seat alone.
    if (!mapping_.forked()) holds_.pass(reader_.position());
  }

 private:
  const ChannelMapping& mapping_;
  ring::Holds& holds_;
  const ring::Reader& reader_;
};

}  // namespace

SubscriberCore::SubscriberCore(std::shared_ptr<Connection> connection, std::string channel,
                               const SubscriberOptions& options)
    : mapping_(std::move(connection), std::move(channel), control::Role::subscriber),
      reader_(mapping_.ring(), mapping_.index(),
              ring::join(mapping_.ring(), mapping_.index(), join_at(options))),
      holds_(mapping_.ring(), mapping_.index(), reader_.position()) {}

void SubscriberCore::fill(Message& message, const ring::Record& record) const noexcept {
  message.data_ = mapping_.ring().payload(record.position);
  message.size_ = record.size;
  message.sequence_ = record.sequence;
  message.type_ = record.type;
  message.outcome_ = Outcome::ok;
}

Message SubscriberCore::message_of(Outcome outcome, const ring::Record& record,
                                   std::uint32_t place) noexcept {
  if (outcome != Outcome::ok) [[unlikely]] {
    // Stepped past skips or an end: nothing there is needed any more.
    holds_.pass(reader_.position());
    return Message(outcome);
  }
  Message message(Outcome::ok);
  fill(message, record);
  message.core_ = this;
  message.hold_ = static_cast<std::uint8_t>(place);
  holds_.hold(place, record.position, record.end);
  return message;
}

Message SubscriberCore::try_receive() {
  mapping_.require_not_forked();
  const std::uint32_t place = holds_.free_place();
  if (place == ring::Holds::kNone) [[unlikely]]
    return Message(Outcome::too_many_held);
  ring::Record record;
  const Outcome outcome = reader_.next(record);
  return message_of(outcome, record, place);
}

Message SubscriberCore::receive(const Deadline& deadline) {
  for (;;) {
    Message message = try_receive();
    if (message.outcome() != Outcome::empty) [[likely]]
      return message;
    const Outcome waited = reader_.await(deadline, interrupt_);
    if (waited != Outcome::ok) return Message(waited);
  }
}

int SubscriberCore::poll(void (*visit)(void*, const Message&), void* callback, int most) {
  mapping_.require_not_forked();
  const CursorOnExit cursor(mapping_, holds_, reader_);
  poll_outcome_ = Outcome::ok;
  int count = 0;
  while (count < most) {
    ring::Record record;
    poll_outcome_ = reader_.next(record);
    if (poll_outcome_ != Outcome::ok) break;
    Message message(Outcome::ok);
    fill(message, record);
    ++count;
    visit(callback, message);
    mapping_.require_not_forked();
  }
  return count;
}

void SubscriberCore::release(std::uint32_t hold) noexcept {
  if (mapping_.forked()) holds_.detach();
  if (holds_.let_go(hold)) delete this;
}

void SubscriberCore::interrupt() noexcept {
  if (mapping_.forked()) return;
  interrupt_.raise(mapping_.ring().seats[mapping_.index()].bell);
}

std::uint64_t SubscriberCore::dropped() const noexcept {
  return mapping_.ring().control->channel.dropped.load(std::memory_order_relaxed);
}

void SubscriberCore::close() noexcept {
  if (mapping_.forked()) holds_.detach();
  if (holds_.close()) delete this;
}

}  // namespace busbar
