#include "daemon/deadlines.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;

/// Runs until `count` sessions are overdue.
struct Waiting {
  explicit Waiting(std::size_t count)
      : deadlines(loop, [this, count](std::uint64_t session) {
          overdue.push_back(session);
          if (overdue.size() == count) loop.stop();
        }) {}

  EventLoop loop;
  std::vector<std::uint64_t> overdue;
  Deadlines deadlines;
};

TEST(Deadlines, NameWhoIsOverdueTheEarliestFirst) {
  Waiting waiting(3);
  waiting.deadlines.set(7, 6ms);
  waiting.deadlines.set(8, 2ms);
  waiting.deadlines.set(9, 4ms);
  waiting.loop.run();
  EXPECT_EQ(waiting.overdue, (std::vector<std::uint64_t>{8, 9, 7}));
  EXPECT_EQ(waiting.deadlines.size(), 0u);
}

TEST(Deadlines, ForgetWhatWasCleared) {
  Waiting waiting(1);
  waiting.deadlines.set(7, 1ms);
  waiting.deadlines.set(8, 5ms);
  waiting.deadlines.clear(7);
  waiting.loop.run();
  EXPECT_EQ(waiting.overdue, (std::vector<std::uint64_t>{8}));
}

TEST(Deadlines, KnowTheLatestOfASessionOnly) {
  Waiting waiting(2);
  waiting.deadlines.set(7, 1ms);
  waiting.deadlines.set(8, 3ms);
  waiting.deadlines.set(7, 5ms);
  waiting.loop.run();
  EXPECT_EQ(waiting.overdue, (std::vector<std::uint64_t>{8, 7}));
}

TEST(Deadlines, NameThemAllHoweverManyThereAre) {
  Waiting waiting(200);
  for (std::uint64_t session = 1; session <= 200; ++session) waiting.deadlines.set(session, 1ms);
  waiting.loop.run();
  EXPECT_EQ(waiting.overdue.size(), 200u);
  EXPECT_GE(waiting.loop.turns().count(), 6u);  // others have their turns between
}

TEST(Deadlines, LetTheHandlerClearAndSet) {
  EventLoop loop;
  Deadlines* self = nullptr;
  std::size_t rounds = 0;
  Deadlines deadlines(loop, [&](std::uint64_t session) {
    self->clear(session);
    if (++rounds < 3) return self->set(session, 1ms);
    loop.stop();
  });
  self = &deadlines;
  deadlines.set(1, 1ms);
  loop.run();
  EXPECT_EQ(rounds, 3u);
  EXPECT_EQ(deadlines.size(), 0u);
}

}  // namespace
}  // namespace busbar::daemon
