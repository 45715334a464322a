#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "busbar/message.hpp"
#include "busbar/options.hpp"
#include "client/src/channel_mapping.hpp"
#include "common/ring/receiver.hpp"

namespace busbar {

/// What a Subscriber and its messages share. Received by one thread at a time, released by any.
/// Lives until the Subscriber and every message are gone.
class SubscriberCore {
 public:
  SubscriberCore(std::shared_ptr<Connection> connection, std::string channel,
                 const SubscriberOptions& options);

  Message receive(const Deadline& deadline);
  Message try_receive() {
    mapping_.require_not_forked();
    if (polling_) [[unlikely]]
      throw_polling();
    Message message = take();
    if (message.outcome() == Outcome::empty && mapping_.attendance().is_due()) [[unlikely]]
      return take_unless_orphan();
    return message;
  }
  int poll(void (*visit)(void*, const Message&), void* callback, int most);
  Outcome wait(const Deadline& deadline);
  Outcome wait(std::chrono::nanoseconds timeout);
  /// A poll's run over plain messages, which the caller takes itself.
  bool begin_run();
  void pass_run(std::uint64_t position) noexcept {
    if (!mapping_.forked()) receiver_.pass(position);
  }
  void end_run(std::uint64_t position, std::uint64_t sequence, int density, int pauses,
               bool drained) noexcept;
  hot::Reading& reading() noexcept { return receiver_.reading(); }
  /// In a forked child: the parent's seat is left alone.
  void leave_if_forked() noexcept {
    if (mapping_.forked()) receiver_.detach();
  }
  Outcome poll_outcome() const noexcept { return poll_outcome_; }
  void release(std::uint32_t hold) noexcept;
  void interrupt() noexcept;
  std::uint64_t lost() const noexcept { return receiver_.lost(); }
  std::uint64_t dropped() const noexcept;

  /// The Subscriber is gone.
  void close() noexcept;

  const ChannelMapping& mapping() const noexcept { return mapping_; }

 private:
  ~SubscriberCore() = default;
  [[noreturn]] static void throw_polling();
  Message take() {
    ring::Record record;
    std::uint32_t place = 0;
    const Outcome outcome = receiver_.try_take(record, place);
    Message message(outcome);
    if (outcome != Outcome::ok) [[unlikely]]
      return message;
    fill(message, record);
    message.core_ = this;
    message.hold_ = static_cast<std::uint8_t>(place);
    return message;
  }
  Message take_unless_orphan();
  void end_orphans_poll() noexcept;
  void fill(Message& message, const ring::Record& record) const noexcept {
    message.data_ = mapping_.ring().payload(record.position);
    message.size_ = record.size;
    message.sequence_ = record.sequence;
    message.type_ = record.type;
  }

  ChannelMapping mapping_;
  ring::Receiver receiver_;
  ring::Interrupt interrupt_;
  Outcome poll_outcome_ = Outcome::empty;
  bool polling_ = false;  // the cursor alone keeps what the callback has
};

}  // namespace busbar
