#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "busbar/message.hpp"
#include "busbar/options.hpp"
#include "client/src/channel_mapping.hpp"
#include "common/ring/holds.hpp"
#include "common/ring/join.hpp"
#include "common/ring/reader.hpp"

namespace busbar {

/// What a Subscriber and its messages share. Received by one thread at a time, released by any.
/// Lives until the Subscriber and every message are gone.
class SubscriberCore {
 public:
  SubscriberCore(std::shared_ptr<Connection> connection, std::string channel,
                 const SubscriberOptions& options);

  Message receive(const Deadline& deadline);
  Message try_receive();
  int poll(void (*visit)(void*, const Message&), void* callback, int most);
  Outcome poll_outcome() const noexcept { return poll_outcome_; }
  void release(std::uint32_t hold) noexcept;
  void interrupt() noexcept;
  std::uint64_t dropped() const noexcept;

  /// The Subscriber is gone.
  void close() noexcept;

  const ChannelMapping& mapping() const noexcept { return mapping_; }

 private:
  ~SubscriberCore() = default;
  void fill(Message& message, const ring::Record& record) const noexcept;
  Message message_of(Outcome outcome, const ring::Record& record, std::uint32_t place) noexcept;

  ChannelMapping mapping_;
  ring::Reader reader_;
  ring::Holds holds_;
  ring::Interrupt interrupt_;
  Outcome poll_outcome_ = Outcome::empty;
};

}  // namespace busbar
