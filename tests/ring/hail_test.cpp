// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "common/base/deadline.hpp"
#include "common/ring/room_finder.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/fence.hpp"
#include "tests/ring/messages.hpp"
#include "tests/ring/single_step.hpp"

// Whoever hails publishers is heard by the next that commits, whatever others do meanwhile.

namespace busbar::test {
namespace {

class Ear final : public ring::Lookout {
 public:
  bool look(const ring::Blocker*) noexcept override { return ++looks, true; }
  int looks = 0;
};

bool is_hailed(const TestRing& channel) {
  return channel.ring.seats_control->hail.load() != 0;
}

TEST(Hail, IsHeardByTheNextCommitOnce) {
  TestRing channel;
  auto writer = channel.writer();
  const ring::Room room = must_claim(writer, 8);  // has looked for room
  Ear ear;
  writer.set_lookout(&ear);
  ring::hail_publishers(channel.ring);
  writer.commit(room, 8, 1);
  EXPECT_EQ(ear.looks, 1);
  publish(writer, 8, 1);
  EXPECT_EQ(ear.looks, 1);
}

TEST(Hail, IsLeftForACommitByWhoStepsOverASkip) {
  TestRing channel;
  auto writer = channel.writer();
  const ring::Room room = must_claim(writer, 8);
  ring::hail_publishers(channel.ring);
  ring::step_over(channel.ring, room.position + 64, room.position + 128, 0);
  EXPECT_TRUE(is_hailed(channel));
}

TEST(Hail, IsNotSwallowedByASeatThatWakes) {
  if (const char* why = SingleStep::why_not()) GTEST_SKIP() << why;
  sync::register_membarrier();
  const auto run = [](int n) {
    SCOPED_TRACE("instruction " + std::to_string(n));
    TestRing channel;
    auto writer = channel.writer();
    const ring::Room room = must_claim(writer, 8);
    auto reader = channel.reader(0);
    ring::Interrupt interrupt;
    const Deadline passed = Deadline::after(std::chrono::nanoseconds(0));
    // Sets its bit among the sleepers, and takes it back.
    const bool closed = SingleStep::interrupt(
        n, [&] { reader.await(passed, interrupt); }, [&] { ring::close_channel(channel.ring); });
    writer.commit(room, 8, 1);
    ring::Room next;
    EXPECT_EQ(writer.try_claim(8, next), closed ? Outcome::closed : Outcome::ok);
    return !testing::Test::HasFailure();
  };
  // It spins for long before it sleeps.
  SingleStep::each(run, 11);
}

}  // namespace
}  // namespace busbar::test
