// Messages that are kept in place, seen from clients: publishers go on, nothing kept changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <busbar/busbar.hpp>
#include <cstring>
#include <deque>
#include <optional>
#include <vector>

#include "tests/support/forked_client.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMessage = 1000;
constexpr std::uint64_t kCapacity = 1 << 16;
constexpr std::uint64_t kRounds = 1000;  // messages: fifteen times round the ring

class HeldMessages : public testing::Test {
 protected:
  void create(WhenFull when_full) {
    bus.create("c", {.capacity = kCapacity, .when_full = when_full, .block_timeout = 30s});
  }

  /// Message `number`: its number again and again. True if there was room at once.
  static bool send(Publisher& publisher, std::uint64_t number) {
    auto claim = publisher.try_claim(kMessage);
    if (!claim) return false;
    for (std::size_t at = 0; at < kMessage; at += sizeof number) {
      std::memcpy(claim.data() + at, &number, sizeof number);
    }
    claim.commit();
    return true;
  }

  static std::uint64_t number_of(const Message& message) {
    std::uint64_t number = 0;
    EXPECT_EQ(message.payload().size(), kMessage);
    std::memcpy(&number, message.payload().data(), sizeof number);
    return number;
  }

  static bool is_whole(const Message& message, std::uint64_t number) {
    std::uint64_t word = 0;
    for (std::size_t at = 0; at < kMessage; at += sizeof word) {
      std::memcpy(&word, message.payload().data() + at, sizeof word);
      if (word != number) return false;
    }
    return true;
  }

  SubscriberInfo seat() { return bus.channel("c").subscribers.at(0); }

  TestBroker broker;
  Bus bus = broker.connect("keeper");
};

TEST_F(HeldMessages, StopNoPublisherWhileTheirSubscriberReceivesOn) {
  create(WhenFull::block);
  Subscriber subscriber = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  std::vector<Message> kept;
  for (std::uint64_t number = 0; number < kRounds; ++number) {
    ASSERT_TRUE(send(publisher, number)) << number;
    Message message = subscriber.try_receive();
    ASSERT_TRUE(message);
    EXPECT_EQ(number_of(message), number);
    if (kept.size() < 7) kept.push_back(std::move(message));
  }
  for (std::uint64_t number = 0; number < kept.size(); ++number) {
    EXPECT_TRUE(is_whole(kept[number], number));
  }
}

TEST_F(HeldMessages, AreWaitedForByPublishersIfAReliableSeatReceivesNothingBehindThem) {
  create(WhenFull::block);
  Subscriber subscriber = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  ASSERT_TRUE(send(publisher, 0));
  Message kept = subscriber.try_receive();
  std::uint64_t sent = 1;
  while (sent < kRounds && send(publisher, sent)) ++sent;
  EXPECT_LT(sent, kRounds);
  // One more is received, and the kept one is stepped over.
  for (std::uint64_t number = 1; number < sent; ++number) {
    ASSERT_TRUE(subscriber.try_receive());
  }
  EXPECT_TRUE(send(publisher, sent));
  EXPECT_TRUE(is_whole(kept, 0));
}

TEST_F(HeldMessages, StayAsTheyAreInALossySeatThatIsLapped) {
  create(WhenFull::block);
  Subscriber subscriber = bus.subscriber("c", {.delivery = Delivery::lossy});
  Publisher publisher = bus.publisher("c");
  ASSERT_TRUE(send(publisher, 0));
  const Message kept = subscriber.try_receive();
  ASSERT_TRUE(kept);
  for (std::uint64_t number = 1; number < kRounds; ++number) {
    ASSERT_TRUE(send(publisher, number)) << number;
  }
  EXPECT_TRUE(is_whole(kept, 0));
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::overrun);
  std::uint64_t received = 1;
  while (auto message = subscriber.try_receive()) {
    EXPECT_TRUE(is_whole(message, subscriber.lost() + received));
    ++received;
  }
  EXPECT_EQ(subscriber.lost() + received, kRounds);
  EXPECT_EQ(seat().lost, subscriber.lost());
}

TEST_F(HeldMessages, OfALossySeatAreShownWithTheirBytes) {
  create(WhenFull::block);
  Subscriber subscriber = bus.subscriber("c", {.delivery = Delivery::lossy});
  Publisher publisher = bus.publisher("c");
  for (std::uint64_t number = 0; number < 3; ++number) ASSERT_TRUE(send(publisher, number));
  const Message first = subscriber.try_receive();
  Message second = subscriber.try_receive();
  ASSERT_TRUE(first && second);
  ASSERT_EQ(seat().held.size(), 2u);
  for (const HeldMessage& held : seat().held) {
    EXPECT_GE(held.bytes, kMessage);
    EXPECT_LE(held.bytes, kMessage + 64);
  }
  EXPECT_EQ(seat().state, "lossy");
  second.release();
  EXPECT_EQ(seat().held.size(), 1u);
}

TEST_F(HeldMessages, OfAReliableSeatAreShownWhenItHasReceivedOn) {
  create(WhenFull::block);
  Subscriber subscriber = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  for (std::uint64_t number = 0; number < 3; ++number) ASSERT_TRUE(send(publisher, number));
  std::vector<Message> kept;
  for (int i = 0; i < 3; ++i) kept.push_back(subscriber.try_receive());
  // The last one is held by the cursor, which then lags by it.
  EXPECT_GE(seat().held.size(), 2u);
  EXPECT_EQ(seat().state, "reliable");
  kept.clear();
  EXPECT_EQ(seat().held.size(), 0u);
  EXPECT_EQ(seat().lag_bytes, 0u);
}

TEST_F(HeldMessages, EightOfASeatAreAllThereAre) {
  create(WhenFull::block);
  for (const Delivery delivery : {Delivery::reliable, Delivery::lossy}) {
    Subscriber subscriber = bus.subscriber("c", {.delivery = delivery});
    Publisher publisher = bus.publisher("c");
    std::vector<Message> kept;
    for (std::uint64_t number = 0; number < 9; ++number) ASSERT_TRUE(send(publisher, number));
    for (int i = 0; i < 8; ++i) kept.push_back(subscriber.try_receive());
    EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::too_many_held);
    kept.erase(kept.begin());
    Message ninth = subscriber.try_receive();
    ASSERT_TRUE(ninth);
    EXPECT_TRUE(is_whole(ninth, 8));
  }
}

TEST_F(HeldMessages, OutliveTheirSubscriberAndGateNobody) {
  create(WhenFull::block);
  for (const Delivery delivery : {Delivery::reliable, Delivery::lossy}) {
    Publisher publisher = bus.publisher("c");
    std::optional<Subscriber> subscriber = bus.subscriber("c", {.delivery = delivery});
    ASSERT_TRUE(send(publisher, 7));
    Message kept = subscriber->try_receive();
    ASSERT_TRUE(kept);
    subscriber.reset();
    EXPECT_EQ(seat().state, "leaving");
    EXPECT_EQ(seat().lag_bytes, 0u);
    EXPECT_EQ(seat().held.size(), 1u);
    for (std::uint64_t number = 0; number < kRounds; ++number) {
      ASSERT_TRUE(send(publisher, number)) << number;
    }
    EXPECT_TRUE(is_whole(kept, 7));
    kept.release();
    EXPECT_TRUE(eventually([&] { return bus.channel("c").subscribers.empty(); }));
  }
}

TEST_F(HeldMessages, OfAnEvictedSeatStayWholeUntilTheyAreReleased) {
  create(WhenFull::evict);
  Subscriber subscriber = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  ASSERT_TRUE(send(publisher, 0));
  const Message kept = subscriber.try_receive();
  ASSERT_TRUE(kept);
  for (std::uint64_t number = 1; number < kRounds; ++number) {
    Claim claim = publisher.claim(kMessage);
    ASSERT_TRUE(claim) << number;
    std::memset(claim.data(), 0xee, kMessage);
    claim.commit();
  }
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::evicted);
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::evicted);
  EXPECT_TRUE(is_whole(kept, 0));
  EXPECT_EQ(seat().state, "evicted");
  EXPECT_EQ(seat().held.size(), 1u);
  EXPECT_EQ(bus.channel("c").channel.evicted, 1u);
}

TEST_F(HeldMessages, OfADeadProcessAreGivenBack) {
  bus.create("c", {.capacity = 4096, .when_full = WhenFull::drop_newest});
  Publisher publisher = bus.publisher("c");
  const auto publish = [&] { return publisher.publish(std::vector<std::byte>(kMessage)); };
  for (int i = 0; i < 3; ++i) ASSERT_EQ(publish(), Outcome::ok);
  ForkedClient holder([&] {
    // It is killed: nothing of this is ever destroyed.
    static Bus own = broker.connect("holder");
    static Subscriber subscriber =
        own.subscriber("c", {.delivery = Delivery::lossy, .start = Start::oldest()});
    static std::vector<Message> kept;
    for (int i = 0; i < 3; ++i) kept.push_back(subscriber.receive());
  });
  ASSERT_EQ(seat().held.size(), 3u);
  EXPECT_EQ(publish(), Outcome::ok);
  EXPECT_EQ(publish(), Outcome::dropped);
  holder.kill();
  EXPECT_TRUE(eventually([&] { return bus.channel("c").subscribers.empty(); }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(publish(), Outcome::ok);
}

TEST_F(HeldMessages, ThatLeaveNoRoomMeetWhenFull) {
  // Eight of 1000 bytes in a ring of 4 KiB cannot be; three leave no place for a fourth.
  bus.create("c", {.capacity = 4096, .when_full = WhenFull::drop_newest});
  Subscriber subscriber = bus.subscriber("c", {.delivery = Delivery::lossy});
  Publisher publisher = bus.publisher("c");
  std::vector<Message> kept;
  bool dropped = false;
  for (std::uint64_t number = 0; number < 8 && !dropped; ++number) {
    const Outcome outcome =
        publisher.publish(std::vector<std::byte>(kMessage, static_cast<std::byte>(number)));
    dropped = outcome == Outcome::dropped;
    if (dropped) break;
    ASSERT_EQ(outcome, Outcome::ok);
    kept.push_back(subscriber.try_receive());
    ASSERT_TRUE(kept.back());
  }
  EXPECT_TRUE(dropped);
  EXPECT_EQ(bus.channel("c").channel.dropped, 1u);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(kept[i].payload().front(), static_cast<std::byte>(i));
    EXPECT_EQ(kept[i].payload().back(), static_cast<std::byte>(i));
  }
  kept.clear();
  EXPECT_EQ(publisher.publish(std::vector<std::byte>(kMessage)), Outcome::ok);
}

}  // namespace
}  // namespace busbar::test
