#include <sched.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/soak/roles.hpp"
#include "tests/soak/shelf.hpp"
#include "tests/soak/stamp.hpp"

namespace busbar::soak {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostNoted = 1 << 23;  // places of messages that are still to be checked
constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

/// In what way one is slow.
enum class Manner { works, keeps, stops, polls };

/// A lossy seat from its join to its end, and what is to be found out about it: that every byte is
/// right as often as one looks, and that after each message received + lost() is its place among
/// all that were sent, counted from where it joined.
class Session {
 public:
  Session(const Run& run, Received& got, Manner manner, std::uint64_t seed)
      : run_(run), got_(got), manner_(manner), random_(seed), shelf_(run.traffic, got) {
    add(got.sessions);
  }

  /// Joins; where it may have begun is known within what was sent meanwhile.
  void join(Bus& bus, Start start) {
    const std::uint64_t before = run_.account.all_messages();
    subscriber_.emplace(
        bus.subscriber(run_.options.channel, {.delivery = Delivery::lossy, .start = start}));
    // Claims of fellows that were open then begin before what was committed.
    if (start == Start::now() && run_.options.publishers == 1) earliest_ = before;
    latest_ = run_.account.all_begun();
  }

  /// Receives until the end of the stream, or `most` messages or overruns. True: it has ended.
  bool receive(std::uint64_t most) {
    for (std::uint64_t step = 0; step < most; ++step) {
      const Outcome outcome = manner_ == Manner::polls ? poll() : receive_one();
      if (outcome == Outcome::ended) return has_ended_ = true;
      if (outcome == Outcome::overrun) {
        add(got_.overruns);
        if (subscriber_->lost() == lost_) miscounted("an overrun without a loss", 0, 0);
        lost_ = subscriber_->lost();
      } else if (outcome == Outcome::timeout || outcome == Outcome::empty ||
                 outcome == Outcome::too_many_held) {
        shelf_.let_go_of_all();  // there may be no room but theirs
        if (outcome == Outcome::timeout && run_.account.finished) return false;
      } else if (outcome != Outcome::ok) {
        throw std::runtime_error("lossy receive: " + std::string(to_string(outcome)));
      }
    }
    return false;
  }

  /// Leaves, what it holds after its seat; then its account.
  void leave() {
    add(got_.lost, subscriber_->lost());
    const std::uint64_t counted = received_ + subscriber_->lost();
    subscriber_.reset();
    rest();
    shelf_.let_go_of_all();
    check_places();
    if (base_ == kUnknown) return;
    if (base_ < earliest_ || base_ > latest_) miscounted("it joined elsewhere", base_, latest_);
    if (!has_ended_) return;
    const std::uint64_t all = run_.account.all_messages();
    if (base_ + counted != all) miscounted("the end", base_ + counted, all);
  }

 private:
  Outcome receive_one() {
    auto message = subscriber_->receive(20ms);
    if (!message) return message.outcome();
    const std::uint64_t number = check(message);
    rest();
    const std::uint32_t publisher = publisher_of(message.type());
    if (manner_ == Manner::works || random() % 8 == 0) {
      check_again(message, run_.traffic.bytes(publisher, number), got_);
      return Outcome::ok;
    }
    shelf_.keep(std::move(message), publisher, number);
    if (shelf_.size() == 8) {
      for (auto left = random() % 8; shelf_.size() > left;) shelf_.let_go(random() % shelf_.size());
    }
    if (manner_ == Manner::stops && random() % 512 == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1 + random() % 60));
    }
    return Outcome::ok;
  }

  Outcome poll() {
    subscriber_->poll(
        [&](const Message& message) {
          const std::uint64_t number = check(message);
          rest();
          check_again(message, run_.traffic.bytes(publisher_of(message.type()), number), got_);
        },
        static_cast<int>(1 + random() % 20));
    const Outcome outcome = subscriber_->poll_outcome();
    if (outcome != Outcome::empty) return outcome;
    auto message = subscriber_->receive(20ms);
    if (message) check(message);
    return message.outcome();
  }

  std::uint64_t check(const Message& message) {
    const std::uint32_t publisher = publisher_of(message.type());
    const Sent& sent = run_.account.sent[publisher];
    const std::uint64_t number =
        number_of(message.type(), sent.messages.load(std::memory_order_relaxed));
    if (number < next_[publisher] || message.sequence() < next_sequence_) add(got_.wrong);
    next_[publisher] = number + 1;
    next_sequence_ = message.sequence() + 1;
    check_bytes(message, run_.traffic.bytes(publisher, number), got_);
    note_place(message.sequence(), received_ + subscriber_->lost());
    ++received_;
    add(got_.messages);
    add(got_.bytes, message.payload().size());
    return number;
  }

  void note_place(std::uint64_t sequence, std::uint64_t counted) {
    if (run_.options.is_simple()) return check_place(sequence, sequence, counted);
    if (run_.options.reliable > 0 && noted_.size() < kMostNoted) {
      noted_.push_back({sequence, counted});
    }
  }

  /// When the subscriber that gets them all has got that far.
  void check_places() {
    for (const Noted& noted : noted_) {
      const auto& known = run_.account.place[noted.sequence];
      while (known.load(std::memory_order_acquire) == 0) {
        if (run_.account.received[0].ended && known.load() == 0) {
          return miscounted("nobody else got claim", noted.sequence, 0);
        }
        ::sched_yield();
      }
      check_place(noted.sequence, known.load() - 1, noted.counted);
    }
    noted_.clear();
  }

  void check_place(std::uint64_t sequence, std::uint64_t place, std::uint64_t counted) {
    if (base_ == kUnknown) base_ = place - counted;
    add(got_.counted);
    if (place != base_ + counted) miscounted("claim", sequence, base_ + counted - place);
  }

  void miscounted(const char* what, std::uint64_t a, std::uint64_t b) {
    if (got_.miscounted.load() < 20) {
      std::fprintf(stderr, "soak: miscounted: %s: %lld, %lld (began at %lld, received %lld)\n",
                   what, static_cast<long long>(a), static_cast<long long>(b),
                   static_cast<long long>(base_), static_cast<long long>(received_));
    }
    add(got_.miscounted);
  }

  std::uint64_t random() { return random_ = mixed(random_); }

  /// Nothing at all, a moment, or long enough to be lapped once or many times.
  void rest() {
    const std::uint64_t bits = random();
    if (bits % 8 < 4) return;
    if (bits % 64 == 63) {
      std::this_thread::sleep_for(std::chrono::microseconds(bits >> 54));
      return;
    }
    const auto end =
        Clock::now() + std::chrono::nanoseconds((bits >> 32) % (bits % 8 < 7 ? 2000 : 100'000));
    while (Clock::now() < end) {
    }
  }

  struct Noted {
    std::uint64_t sequence;
    std::uint64_t counted;  // received + lost() before it
  };

  const Run& run_;
  Received& got_;
  Manner manner_;
  std::uint64_t random_;
  std::optional<Subscriber> subscriber_;
  Shelf shelf_;
  std::vector<Noted> noted_;
  std::uint64_t base_ = kUnknown;  // messages before it joined
  std::uint64_t earliest_ = 0;     // what that can be
  std::uint64_t latest_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t next_[kMostPublishers] = {};
  std::uint64_t next_sequence_ = 0;
  bool has_ended_ = false;
};

}  // namespace

void look_on(const Run& run, std::uint32_t self) {
  Received& got = run.account.received[run.options.reliable + self];
  auto bus = Bus::connect({.name = "soak-lossy", .socket = run.options.socket});
  Session session(run, got, static_cast<Manner>(self % 4), self);
  session.join(bus, self % 2 == 0 ? Start::now() : Start::oldest());
  await_go(run.account);
  got.ended = session.receive(kUnknown);
  session.leave();
}

void come_and_go(const Run& run, std::uint32_t self) {
  Received& got = run.account.received[run.options.reliable + run.options.lossy + self];
  auto bus = Bus::connect({.name = "soak-joiner", .socket = run.options.socket});
  await_go(run.account);
  for (std::uint64_t n = self; !run.account.finished; ++n) {
    Session session(run, got, static_cast<Manner>(n / 2 % 4), mixed(n));
    session.join(bus, n % 2 == 0 ? Start::now() : Start::oldest());
    if (session.receive(1 + mixed(n) % 300)) got.ended = true;
    session.leave();
  }
}

}  // namespace busbar::soak
