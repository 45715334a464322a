#include "common/sync/doorbell.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/ring/asleep.hpp"

namespace busbar::sync {
namespace {

using namespace std::chrono_literals;

TEST(Doorbell, KeepsATokenForWhoComesLater) {
  layout::DoorbellBytes bell{};
  ring_bell(bell);
  wait_for_token(bell, 1h);  // does not sleep
  EXPECT_FALSE(take_token(bell));
}

TEST(Doorbell, HasOneTokenHoweverOftenItRings) {
  layout::DoorbellBytes bell{};
  ring_bell(bell);
  ring_bell(bell);
  EXPECT_TRUE(take_token(bell));
  EXPECT_FALSE(take_token(bell));
}

TEST(Doorbell, WakesASleeper) {
  layout::DoorbellBytes bell{};
  test::Sleeper sleeper([&] { wait_for_token(bell, 1h); });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  ring_bell(bell);
  sleeper.join();
  EXPECT_EQ(bell.token.load(), 0u);
}

TEST(Doorbell, GivesUpAfterItsSpan) {
  layout::DoorbellBytes bell{};
  wait_for_token(bell, 1ms);
  wait_for_token(bell, 0ns);
  EXPECT_FALSE(take_token(bell));
}

TEST(Doorbell, TakesAnyHostileValueForOneToken) {
  layout::DoorbellBytes bell{};
  for (const std::uint32_t value : {2u, 0x80000000u, 0xffffffffu}) {
    bell.token.store(value);
    wait_for_token(bell, 1h);
    EXPECT_FALSE(take_token(bell));
  }
}

TEST(Doorbell, RingsOverAHostileValue) {
  layout::DoorbellBytes bell{};
  bell.token.store(77);
  ring_bell(bell);
  EXPECT_EQ(bell.token.load(), 1u);
}

TEST(Doorbell, NoRingIsLostBetweenTwoThreads) {
  layout::DoorbellBytes there{};
  layout::DoorbellBytes back{};
  constexpr int kRounds = 5000;
  test::Sleeper other([&] {
    for (int i = 0; i < kRounds; ++i) {
      wait_for_token(there, 1h);
      ring_bell(back);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    ring_bell(there);
    wait_for_token(back, 1h);
  }
}

}  // namespace
}  // namespace busbar::sync
