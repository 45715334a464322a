#include "common/ring/now.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/ring/messages.hpp"
#include "tests/ring/single_step.hpp"

namespace busbar::test {
namespace {

using layout::RecordState;
using layout::Word;
using ring::CountedBoundary;
using ring::Room;

/// Records of 40 bytes.
void publish_small(ring::Writer& writer, int count) {
  for (int i = 0; i < count; ++i) ASSERT_EQ(publish(writer, 24, 0), Outcome::ok);
}

TEST(Now, IsTheOldestClaimThatIsOpen) {
  TestRing channel(settings_with(3));
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  publish_small(a, 3);
  const Room open = must_claim(b, 24);
  publish_small(a, 2);
  EXPECT_EQ(ring::now(channel.ring).position, open.position);
  b.abort(open);
  EXPECT_EQ(ring::now(channel.ring).position, 240u);
}

// An honest open claim keeps the tail from passing.
TEST(Now, DoesNotBelieveInAnOpenClaimThatTheTailHasPassed) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(0);
  publish_small(writer, 200);
  const std::uint64_t tail = ring::read_tail(channel.ring).position;
  ASSERT_GT(tail, 80u);
  channel.ring.slots[1].oldest_claim.store(80);
  EXPECT_EQ(ring::now(channel.ring).position, 8000u);
  EXPECT_EQ(ring::counted_now(channel.ring).messages, 200u);
  channel.ring.slots[1].oldest_claim.store(tail);
  EXPECT_EQ(ring::now(channel.ring).position, tail);
}

TEST(Now, DoesNotBelieveInAnOpenClaimOffTheGrid) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(0);
  publish_small(writer, 3);
  channel.ring.slots[1].oldest_claim.store(41);
  EXPECT_EQ(ring::now(channel.ring).position, 120u);
}

/// Somebody has stepped from position 400 over `bytes` held ones and died before the claimed
/// position followed.
void leave_skip(const ring::RingView& ring, std::uint64_t bytes) {
  ring.record(400 + bytes).word.store(0);
  ring.record(400).word.store(Word(RecordState::skip, bytes, 1).bits());
  // What an earlier lap has left where a record would have its number.
  ring.record(400).sequence.store(77);
}

TEST(CountedNow, IsExactInFrontOfASkip) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(0);
  publish_small(writer, 10);
  leave_skip(channel.ring, 200);
  const CountedBoundary at = ring::counted_now(channel.ring);
  EXPECT_EQ(at.position, 600u);
  EXPECT_EQ(at.sequence, 10u);
  EXPECT_EQ(at.messages, 10u);
}

TEST(CountedNow, IsExactInFrontOfASkipAndARecordOfTheDead) {
  for (const RecordState state : {RecordState::claimed, RecordState::aborted}) {
    TestRing channel(settings_with(2));
    auto writer = channel.writer(0);
    publish_small(writer, 10);
    leave_skip(channel.ring, 200);
    channel.ring.record(600).sequence.store(10);
    channel.ring.record(640).word.store(0);
    channel.ring.record(600).word.store(Word(state, 40, 1).bits());
    channel.ring.control->publishers.sequence.store(11);  // its claimed position is missing
    const CountedBoundary at = ring::counted_now(channel.ring);
    EXPECT_EQ(at.position, 600u);
    EXPECT_EQ(at.sequence, 10u);
    EXPECT_EQ(at.messages, 10u);
  }
}

TEST(CountedNow, CountsNeitherAbortedNorSteppedOverRecords) {
  for (const std::uint32_t publishers : {1u, 2u}) {
    TestRing channel(settings_with(publishers));
    auto writer = channel.writer(0);
    std::uint64_t committed = 0;
    for (int i = 0; i < 500; ++i) {
      const Room room = must_claim(writer, 24);
      if (i % 7 == 3) {
        writer.abort(room);
      } else {
        writer.commit(room, i % 3 == 0 ? 8 : 24, 0);  // behind the short one lies a skip
        ++committed;
      }
      const CountedBoundary at = ring::counted_now(channel.ring);
      ASSERT_EQ(at.position, 40u * (static_cast<std::uint64_t>(i) + 1));
      ASSERT_EQ(at.sequence, static_cast<std::uint64_t>(i) + 1);
      ASSERT_EQ(at.messages, committed);
    }
  }
}

/// Knows how many messages lie before each boundary.
class Publisher {
 public:
  explicit Publisher(const TestRing& channel) : writer_(channel.writer()) {}
  void publish(int count, int abort_each) {
    for (int i = 0; i < count; ++i) {
      const Room room = must_claim(writer_, 24);
      if (abort_each != 0 && i % abort_each == 0) {
        writer_.abort(room);
      } else {
        writer_.commit(room, 24, 0);
        ++committed_;
      }
      at_[room.position + 40] = committed_;
    }
  }
  /// Messages that were committed before a boundary.
  std::uint64_t before(std::uint64_t position) const { return at_.at(position); }

 private:
  ring::Writer writer_;
  std::uint64_t committed_ = 0;
  std::map<std::uint64_t, std::uint64_t> at_{{0, 0}};
};

class CountedNowWhile : public testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override {
    if (const char* why = SingleStep::why_not()) GTEST_SKIP() << why;
  }
};
INSTANTIATE_TEST_SUITE_P(Publishers, CountedNowWhile, testing::Values(1u, 2u));

// At whatever instruction: the tail passes what is counted, the records are written over, and the
// bits that say where to look are cleared behind it.
TEST_P(CountedNowWhile, ItIsLappedIsExactAllTheSame) {
  for (const int before : {30, 230}) {
    for (const int meanwhile : {60, 400}) {
      SingleStep::each(
          [&](int n) {
            TestRing channel(settings_with(GetParam()));
            Publisher publisher(channel);
            publisher.publish(before, 9);
            CountedBoundary at;
            SingleStep::interrupt(
                n, [&] { at = ring::counted_now(channel.ring); },
                [&] { publisher.publish(meanwhile, 0); });
            EXPECT_EQ(at.messages, publisher.before(at.position))
                << before << " and " << meanwhile << " at instruction " << n;
            return !HasFailure();
          },
          41);
    }
  }
}

}  // namespace
}  // namespace busbar::test
