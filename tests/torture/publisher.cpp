#include <sched.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "tests/torture/letter.hpp"
#include "tests/torture/roles.hpp"

namespace busbar::torture {
namespace {

/// Sends messages in every way there is, noting before and behind each step what others may and
/// must see from then on.
class Writing {
 public:
  Writing(const Run& run, const Post& post, std::uint32_t self, Publisher& publisher)
      : run_(run),
        channel_(post.channel),
        self_(self),
        worker_(run.account.workers[post.worker]),
        sent_(run.account.channels[post.channel].sent[self]),
        publisher_(publisher),
        random_(soak::mixed(run.options.seed) ^ (std::uint64_t{self} << 8) ^ post.channel) {}

  void send() {
    random_ = soak::mixed(random_);
    switch (random_ % 10) {
      case 0:
        return abort_one();
      case 1:
      case 2:
        return send_batch(2 + random_ / 16 % 2);
      case 3:
        return send_out_of_order();
      case 4:
        return send_short();
      default:
        return send_one();
    }
  }

 private:
  Letter letter(std::uint64_t number) const { return {self_, channel_, number, now_ns()}; }
  std::size_t size(std::uint64_t number) const { return size_of(run_.traffic, letter(number)); }

  void fill(Claim& claim, std::uint64_t number) {
    const Letter one = letter(number);
    claim.set_type(type_of(one));
    write(run_.traffic, one, claim.data());
    // At times a claim is open for so long that death is likely to meet it.
    if (random_ / 256 % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }

  /// Waits for room; without it there is no going on.
  Claim claim(std::size_t bytes) {
    Claim claim = attempt([&] { return publisher_.claim(bytes); });
    if (!claim) throw std::runtime_error("claim: " + std::string(to_string(claim.outcome())));
    return claim;
  }
  template <typename Attempt>
  Claim attempt(Attempt take) {
    worker_.step = Step::claims;
    sent_.claims.fetch_add(1);
    Claim claim = take();
    if (!claim) sent_.claims.fetch_sub(1);
    return claim;
  }

  void begin(std::uint64_t count) {
    worker_.step = Step::commits;
    sent_.begun.store(next_ + count);
  }
  void end(std::uint64_t count) {
    next_ += count;
    sent_.committed.store(next_);
    worker_.steps.fetch_add(1, std::memory_order_relaxed);
  }

  void send_one() {
    Claim one = claim(size(next_));
    fill(one, next_);
    begin(1);
    one.commit();
    end(1);
  }

  void send_short() {
    Claim one = claim(size(next_) + random_ / 16 % 300);
    fill(one, next_);
    begin(1);
    one.commit(size(next_));
    end(1);
  }

  void send_batch(std::uint64_t count) {
    std::vector<Claim> claims;
    claims.push_back(claim(size(next_)));
    while (claims.size() < count) {
      Claim more = attempt([&] { return publisher_.try_claim(size(next_ + claims.size())); });
      if (!more) break;
      claims.push_back(std::move(more));
    }
    for (std::size_t i = 0; i < claims.size(); ++i) fill(claims[i], next_ + i);
    begin(claims.size());
    publisher_.commit(claims);
    end(claims.size());
  }

  void send_out_of_order() {
    Claim first = claim(size(next_));
    Claim second = attempt([&] { return publisher_.try_claim(size(next_ + 1)); });
    fill(first, next_);
    if (second) fill(second, next_ + 1);
    const std::uint64_t count = second ? 2 : 1;
    begin(count);
    if (second) second.commit();
    first.commit();
    end(count);
  }

  /// A message that will never come: it must not be seen.
  void abort_one() {
    const std::uint64_t never = next_ + 1'000'000'000;
    Claim one = claim(size(never));
    fill(one, never);
    worker_.step = Step::aborts;
    one.abort();
    sent_.aborted.fetch_add(1);
  }

  const Run& run_;
  std::uint32_t channel_;
  std::uint32_t self_;
  WorkerAccount& worker_;
  Sent& sent_;
  Publisher& publisher_;
  std::uint64_t random_;
  std::uint64_t next_ = 0;
};

}  // namespace

void publish(const Run& run, const Post& post, std::uint32_t self) {
  WorkerAccount& worker = run.account.workers[post.worker];
  auto bus = patiently(run, worker, Step::connects, [&] {
    return Bus::connect({.name = "torture-publisher", .socket = run.socket});
  });
  auto publisher = patiently(run, worker, Step::opens,
                             [&] { return bus.publisher(channel_name(post.channel)); });
  worker.joined = true;
  Writing writing(run, post, self, publisher);
  while (!run.account.stopping.load(std::memory_order_relaxed)) writing.send();
  worker.step = Step::leaves;
}

}  // namespace busbar::torture
