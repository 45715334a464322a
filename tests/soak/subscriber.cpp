#include <busbar/busbar.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/soak/roles.hpp"
#include "tests/soak/shelf.hpp"
#include "tests/soak/stamp.hpp"

namespace busbar::soak {
namespace {

using namespace std::chrono_literals;

/// One reliable subscriber's work.
class Reading {
 public:
  Reading(const Run& run, std::uint32_t self)
      : run_(run),
        got_(run.account.received[self]),
        notes_places_(self == 0 && run.options.lossy + run.options.joiners > 0 &&
                      !run.options.is_simple()),
        shelf_(run.traffic, got_),
        most_kept_(self % 2 == 0 ? 0 : 6) {}

  void all_of(Subscriber& subscriber) {
    for (;;) {
      // Both ways to receive, in turn.
      subscriber.poll([&](const Message& message) { check(message); }, 50);
      if (subscriber.poll_outcome() == Outcome::ended) break;
      auto message = subscriber.receive(20ms);
      if (message.outcome() == Outcome::ended) break;
      if (message.outcome() == Outcome::timeout) {
        shelf_.let_go_of_all();  // there may be no room but theirs
        continue;
      }
      if (!message)
        throw std::runtime_error("receive: " + std::string(to_string(message.outcome())));
      const std::uint64_t number = check(message);
      if (most_kept_ > 0) keep(std::move(message), number);
    }
    shelf_.let_go_of_all();
    got_.ended = true;
  }

 private:
  std::uint64_t check(const Message& message) {
    const std::uint32_t publisher = publisher_of(message.type());
    const std::uint64_t number = next_[publisher]++;
    const auto expected = run_.traffic.bytes(publisher, number);
    if (message.type() != stamp(publisher, number)) add(got_.wrong);
    check_bytes(message, expected, got_);
    if (notes_places_) note_place(message);
    add(got_.messages);
    add(got_.bytes, message.payload().size());
    got_.order.store(mixed(got_.order.load(std::memory_order_relaxed) ^ (publisher + 1)),
                     std::memory_order_relaxed);
    return number;
  }

  void note_place(const Message& message) {
    if (message.sequence() >= Account::kMostClaims) throw std::runtime_error("too many claims");
    run_.account.place[message.sequence()].store(
        static_cast<std::uint32_t>(got_.messages.load(std::memory_order_relaxed) + 1),
        std::memory_order_release);
  }

  void keep(Message message, std::uint64_t number) {
    if (shelf_.size() == most_kept_) shelf_.let_go(mixed(number) % most_kept_);
    const std::uint32_t publisher = publisher_of(message.type());
    shelf_.keep(std::move(message), publisher, number);
  }

  const Run& run_;
  Received& got_;
  bool notes_places_;
  Shelf shelf_;
  std::size_t most_kept_;
  std::uint64_t next_[kMostPublishers] = {};
};

}  // namespace

void subscribe(const Run& run, std::uint32_t self) {
  auto bus = Bus::connect({.name = "soak-subscriber", .socket = run.options.socket});
  auto subscriber = bus.subscriber(run.options.channel);
  await_go(run.account);
  Reading(run, self).all_of(subscriber);
}

}  // namespace busbar::soak
