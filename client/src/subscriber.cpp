#include "busbar/subscriber.hpp"

#include <utility>

#include "client/src/subscriber_core.hpp"

namespace busbar {

void detail::release(SubscriberCore& core, std::uint8_t hold) noexcept {
  core.release(hold);
}

bool detail::begin_run(SubscriberCore& core) {
  return core.begin_run();
}

void detail::pass_run(SubscriberCore& core, std::uint64_t position) noexcept {
  core.pass_run(position);
}

void detail::end_run(SubscriberCore& core, std::uint64_t position, std::uint64_t sequence,
                     int density, int pauses, bool drained) noexcept {
  core.end_run(position, sequence, density, pauses, drained);
}

void detail::throw_moved_from() {
  throw Error(Errc::misuse, "this Subscriber has been moved from");
}

void detail::throw_forked_run(SubscriberCore& core) {
  core.leave_if_forked();
  throw_forked();
}

Subscriber::Subscriber(SubscriberCore* core) noexcept : core_(core), reading_(&core->reading()) {}

Subscriber::Subscriber(Subscriber&& other) noexcept
    : core_(std::exchange(other.core_, nullptr)), reading_(other.reading_) {}

Subscriber& Subscriber::operator=(Subscriber&& other) noexcept {
  if (this != &other) {
    if (core_ != nullptr) core_->close();
    core_ = std::exchange(other.core_, nullptr);
    reading_ = other.reading_;
  }
  return *this;
}

Subscriber::~Subscriber() {
  if (core_ != nullptr) core_->close();
}

Message Subscriber::receive() {
  return core().receive(Deadline::never());
}

Message Subscriber::receive(std::chrono::nanoseconds timeout) {
  // The clock is read only if nothing is there.
  Message message = core().try_receive();
  if (message.outcome() != Outcome::empty) return message;
  return core().receive(Deadline::after(timeout));
}

Message Subscriber::try_receive() {
  return core().try_receive();
}

int Subscriber::poll_with(SubscriberCore& core, Visit visit, void* callback, int most) {
  return core.poll(visit, callback, most);
}

Outcome Subscriber::wait() {
  return core().wait(Deadline::never());
}

Outcome Subscriber::wait(std::chrono::nanoseconds timeout) {
  return core().wait(timeout);
}

Outcome Subscriber::poll_outcome() const {
  return core().poll_outcome();
}

std::uint64_t Subscriber::lost() const noexcept {
  return core_ == nullptr ? 0 : core_->lost();
}

std::uint64_t Subscriber::dropped() const {
  return core().dropped();
}

void Subscriber::interrupt() noexcept {
  if (core_ != nullptr) core_->interrupt();
}

const std::string& Subscriber::channel() const {
  return core().mapping().channel();
}

std::size_t Subscriber::max_message() const {
  return core().mapping().ring().max_message;
}

std::size_t Subscriber::capacity() const {
  return core().mapping().ring().capacity;
}

}  // namespace busbar
