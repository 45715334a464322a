// Lossy seats and channels that evict, seen from clients: what is counted, who is told what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <busbar/busbar.hpp>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

std::uint64_t number_of(const Message& message) {
  std::uint64_t number = 0;
  EXPECT_EQ(message.payload().size(), sizeof number);
  std::memcpy(&number, message.payload().data(), sizeof number);
  return number;
}

Outcome publish(Publisher& publisher, std::uint64_t number) {
  return publisher.publish(std::as_bytes(std::span(&number, 1)));
}

class Delivered : public testing::Test {
 protected:
  void create(WhenFull when_full, std::uint32_t max_publishers = 1) {
    bus.create("c", {.capacity = 4096,
                     .when_full = when_full,
                     .block_timeout = kPatience,
                     .max_publishers = max_publishers});
  }

  TestBroker broker;
  Bus bus = broker.connect();
};

TEST_F(Delivered, LossyCountsMessagesAloneAsLost) {
  for (const std::uint32_t max_publishers : {1u, 2u}) {
    create(WhenFull::block, max_publishers);
    Subscriber lossy = bus.subscriber("c", {.delivery = Delivery::lossy});
    Publisher publisher = bus.publisher("c");
    std::uint64_t sent = 0;
    for (int i = 0; i < 3000; ++i) {
      if (i % 3 == 0) {
        publisher.claim(100).abort();
      } else {
        ASSERT_EQ(publish(publisher, sent++), Outcome::ok);
      }
    }
    std::uint64_t received = 0;
    EXPECT_EQ(lossy.try_receive().outcome(), Outcome::overrun);
    while (auto message = lossy.try_receive()) {
      EXPECT_EQ(number_of(message), lossy.lost() + received);
      ++received;
    }
    EXPECT_GT(received, 0u);
    EXPECT_EQ(lossy.lost() + received, sent);
    bus.remove("c", true);
  }
}

TEST_F(Delivered, LossyCountsFromWhereItJoined) {
  create(WhenFull::block);
  Publisher publisher = bus.publisher("c");
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(publish(publisher, i), Outcome::ok);
  for (const Start start : {Start::now(), Start::oldest()}) {
    Subscriber lossy = bus.subscriber("c", {.delivery = Delivery::lossy, .start = start});
    EXPECT_EQ(lossy.lost(), 0u);
    while (lossy.try_receive()) {
    }
    EXPECT_EQ(lossy.lost(), 0u);
  }
}

TEST_F(Delivered, LossyTellsAnOverrunOnceAndGoesOn) {
  create(WhenFull::block);
  Subscriber lossy = bus.subscriber("c", {.delivery = Delivery::lossy});
  Publisher publisher = bus.publisher("c");
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(publish(publisher, i), Outcome::ok);
  EXPECT_EQ(lossy.receive().outcome(), Outcome::overrun);
  EXPECT_TRUE(lossy.receive());
}

TEST_F(Delivered, LossyPollStopsAtAnOverrunAndGoesOn) {
  create(WhenFull::block);
  Subscriber lossy = bus.subscriber("c", {.delivery = Delivery::lossy});
  Publisher publisher = bus.publisher("c");
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(publish(publisher, i), Outcome::ok);
  std::uint64_t received = 0;
  const auto take = [&](const Message&) { ++received; };
  EXPECT_EQ(lossy.poll(take, 1000), 0);
  EXPECT_EQ(lossy.poll_outcome(), Outcome::overrun);
  EXPECT_GT(lossy.poll(take, 1000), 0);
  EXPECT_EQ(lossy.poll_outcome(), Outcome::empty);
  EXPECT_EQ(lossy.lost() + received, 1000u);
}

TEST_F(Delivered, LossyAccountsForEveryMessageWhilePublishersRun) {
  constexpr std::uint64_t kEach = 20'000;
  constexpr int kPublishers = 2;
  create(WhenFull::block, kPublishers);
  std::vector<Subscriber> seats;
  for (int i = 0; i < 2; ++i) {
    seats.push_back(bus.subscriber("c", {.delivery = Delivery::lossy}));
  }
  std::vector<Publisher> publishers;
  for (int i = 0; i < kPublishers; ++i) publishers.push_back(bus.publisher("c"));
  std::vector<std::thread> threads;
  std::vector<std::uint64_t> received(seats.size());
  for (std::size_t i = 0; i < seats.size(); ++i) {
    threads.emplace_back([&, i] {
      for (;;) {
        const Message message = seats[i].receive();
        if (message) ++received[i];
        if (!message && message.outcome() != Outcome::overrun) return;
      }
    });
  }
  for (Publisher& publisher : publishers) {
    threads.emplace_back([&] {
      for (std::uint64_t n = 0; n < kEach; ++n) EXPECT_EQ(publish(publisher, n), Outcome::ok);
      EXPECT_EQ(publisher.end(), Outcome::ok);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < seats.size(); ++i) {
    EXPECT_EQ(seats[i].lost() + received[i], kPublishers * kEach);
  }
}

TEST_F(Delivered, EvictTakesTheSlowSeatAloneAndTheOthersGetEverything) {
  create(WhenFull::evict);
  Subscriber slow = bus.subscriber("c");
  Subscriber fast = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(publish(publisher, i), Outcome::ok);
    const Message message = fast.try_receive();
    ASSERT_TRUE(message) << i;
    EXPECT_EQ(number_of(message), i);
  }
  EXPECT_EQ(slow.receive().outcome(), Outcome::evicted);
  EXPECT_EQ(slow.try_receive().outcome(), Outcome::evicted);
  EXPECT_EQ(slow.poll([](const Message&) {}, 10), 0);
  EXPECT_EQ(slow.poll_outcome(), Outcome::evicted);
  EXPECT_EQ(bus.channel("c").channel.evicted, 1u);
}

TEST_F(Delivered, EvictFreesASeatForWhoSubscribesAnew) {
  create(WhenFull::evict);
  Subscriber subscriber = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(publish(publisher, i), Outcome::ok);
  ASSERT_EQ(subscriber.receive().outcome(), Outcome::evicted);
  subscriber = bus.subscriber("c");
  ASSERT_EQ(publish(publisher, 1000), Outcome::ok);
  const Message message = subscriber.receive();
  ASSERT_TRUE(message);
  EXPECT_EQ(number_of(message), 1000u);
}

TEST_F(Delivered, EvictLeavesNobodyInDoubt) {
  create(WhenFull::evict);
  Subscriber subscriber = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  std::uint64_t received = 0;
  Outcome last = Outcome::ok;
  std::thread thread([&] {
    for (;;) {
      const Message message = subscriber.receive();
      last = message.outcome();
      if (!message) return;
      ++received;
    }
  });
  std::uint64_t sent = 0;
  for (; sent < 10'000; ++sent) EXPECT_EQ(publish(publisher, sent), Outcome::ok);
  EXPECT_EQ(publisher.end(), Outcome::ok);
  thread.join();
  // Whether it kept up is the machine's matter: it got everything, or was told that it did not.
  if (last != Outcome::evicted) {
    EXPECT_EQ(last, Outcome::ended);
    EXPECT_EQ(received, sent);
  }
}

}  // namespace
}  // namespace busbar::test
