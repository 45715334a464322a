// SPDX-License-Identifier: Apache-2.0
#include "common/ring/waiting.hpp"

#include <algorithm>

namespace busbar::ring {
namespace {

using std::chrono::microseconds;

// Between two looks. A pause is 10 to 50 ns.
constexpr std::uint32_t kPausesOfRecord = 1;
constexpr std::uint32_t kPausesOfSeats = 64;
// Looks that have brought nothing for long come more rarely: so much of the wait may they be late.
constexpr std::uint32_t kPartOfWait = 16;
constexpr std::uint32_t kMostGrowth = 4;

// Before a sleep: what sleep and wake cost both sides; after long sleeps, what the gaps inside a
// burst need; after brief ones.
constexpr std::uint32_t kLeastBudget = 64;
constexpr std::uint32_t kMostBudget = 2048;
constexpr microseconds kBriefSleep{50};
// Without company a yield only finds out whether there is some.
constexpr std::uint32_t kYieldsAlone = 2;
constexpr std::uint32_t kYieldsInCompany = 4;
constexpr std::uint32_t kMostCompany = 8;

// The policy latency sleeps after some 50 ms, and looks for company at times.
constexpr std::uint32_t kLatencyBudget = 2'000'000;
constexpr std::uint32_t kPausesOfTurn = 4096;
// What a yield counts for there.
constexpr std::uint32_t kPausesOfYield = 32;

// Waits that were over at their first look before the next ones let a batch form, and by how much
// it may grow: a power of two.
constexpr std::uint32_t kFirstDense = 3;
// A record of a dense stream comes in so many at most.
constexpr std::uint32_t kPausesOfDense = 4;
constexpr std::uint32_t kMostDense = 7;
constexpr std::uint32_t kMostDenseOfSeats = 2;

// Longer than a yield that finds nobody, shorter than two changes of context.
constexpr microseconds kGaveWay{1};
// Who runs for so long does not wait for us, nor we for him.
constexpr microseconds kSlice{500};
constexpr std::uint32_t kFirstShyness = 16;
constexpr std::uint32_t kMostShyness = 4096;

}  // namespace

void Waiting::begin(std::uint64_t position, std::uint64_t records, std::uint64_t enough) noexcept {
  const std::uint64_t batch = position - position_;
  learn_density(batch, records - records_, enough);
  learn_company(batch, enough);
  position_ = position;
  records_ = records;
  looks_ = spent_ = yields_ = 0;
  was_long_yield_ = has_slept_ = false;
}

/// Over at the first look again and again: the other side is at work, and each look disturbs it.
/// But who answers each message by itself is not waited for: its answer is there at the first look
/// just because that came late.
void Waiting::learn_density(std::uint64_t batch, std::uint64_t records,
                            std::uint64_t enough) noexcept {
  const bool is_sparse = look_ == Look::record && records * kPausesOfDense < spent_;
  if (looks_ != 1 || has_slept_ || is_sparse) {
    density_ /= 2;
  } else if (batch < enough) {
    const std::uint32_t most = look_ == Look::record ? kMostDense : kMostDenseOfSeats;
    density_ = std::min(density_ + 1, kFirstDense + most);
  } else if (batch / 2 > enough && density_ > 0) {
    --density_;
  }
}

/// A yield of a whole slice that has brought little went to somebody who has nothing to do with
/// this wait. Who sleeps is preferred by the kernel when he wakes; who yields is not.
void Waiting::learn_company(std::uint64_t batch, std::uint64_t enough) noexcept {
  if (shy_waits_ > 0) --shy_waits_;
  if (!was_long_yield_) return;
  shyness_ = batch < enough ? std::clamp(shyness_ * 2, kFirstShyness, kMostShyness) : 0;
  shy_waits_ = shyness_;
}

Rest Waiting::next() noexcept {
  if (policy_ == WaitPolicy::power || shy_waits_ > 0) {
    return looks_ < 2 ? pause() : Rest{Rest::Kind::sleep};
  }
  if (was_long_yield_) return {Rest::Kind::sleep};
  return policy_ == WaitPolicy::latency ? next_by_latency() : next_by_balance();
}

Rest Waiting::next_by_latency() noexcept {
  if (spent_ >= kLatencyBudget) return {Rest::Kind::sleep};
  const bool is_turn = spent_ / kPausesOfTurn > yields_;
  if (company_ == 0 && !is_turn) return pause();
  spent_ += kPausesOfYield;
  return yield();
}

Rest Waiting::next_by_balance() noexcept {
  if (company_ == 0 && spent_ < budget_) return pause();
  const std::uint32_t yields = company_ == 0 ? kYieldsAlone : kYieldsInCompany;
  return yields_ < yields ? yield() : Rest{Rest::Kind::sleep};
}

Rest Waiting::pause() noexcept {
  const std::uint32_t one = look_ == Look::record ? kPausesOfRecord : kPausesOfSeats;
  std::uint32_t pauses = std::clamp(spent_ / kPartOfWait, one, one * kMostGrowth);
  if (looks_ == 0 && density_ > kFirstDense) pauses = one << (density_ - kFirstDense);
  ++looks_;
  spent_ += pauses;
  return {Rest::Kind::pause, pauses};
}

Rest Waiting::yield() noexcept {
  ++looks_;
  ++yields_;
  return {Rest::Kind::yield};
}

void Waiting::yielded(std::chrono::nanoseconds took) noexcept {
  was_long_yield_ = took > kSlice;
  if (took > kGaveWay) {
    company_ = std::min(company_ + 2, kMostCompany);
  } else if (company_ > 0) {
    --company_;
  }
}

void Waiting::slept(std::chrono::nanoseconds took, bool found) noexcept {
  has_slept_ = true;
  const bool was_brief = found && took < kBriefSleep;
  budget_ = was_brief ? std::min(budget_ * 4, kMostBudget) : std::max(budget_ / 2, kLeastBudget);
}

}  // namespace busbar::ring
