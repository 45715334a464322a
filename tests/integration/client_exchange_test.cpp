#include <gtest/gtest.h>

#include <atomic>
#include <busbar/busbar.hpp>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text(const Message& message) {
  const auto payload = message.payload();
  return std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
}

class Exchange : public testing::Test {
 protected:
  TestBroker broker;
  Bus bus = broker.connect();
};

TEST_F(Exchange, DeliversWhatWasCommittedWithItsTypeAndSequence) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  auto claim = publisher.claim(5);
  ASSERT_TRUE(claim);
  std::memcpy(claim.data(), "hello", 5);
  claim.set_type(7);
  claim.commit();
  publisher.publish(bytes("world"), 8);

  const auto first = subscriber.receive(kPatience);
  const auto second = subscriber.receive(kPatience);
  EXPECT_EQ(text(first), "hello");
  EXPECT_EQ(first.type(), 7u);
  EXPECT_EQ(text(second), "world");
  EXPECT_EQ(second.type(), 8u);
  EXPECT_EQ(second.sequence(), first.sequence() + 1);
}

TEST_F(Exchange, GivesEverySubscriberTheSameMemory) {
  auto publisher = bus.publisher("a");
  auto one = bus.subscriber("a");
  auto two = bus.subscriber("a");
  publisher.publish(bytes("once"));
  EXPECT_EQ(text(one.receive(kPatience)), "once");
  EXPECT_EQ(text(two.receive(kPatience)), "once");
}

TEST_F(Exchange, CommitsFewerBytesThanWereClaimed) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  auto claim = publisher.claim(1000);
  std::memcpy(claim.data(), "short", 5);
  claim.commit(5);
  publisher.publish(bytes("next"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "short");
  EXPECT_EQ(text(subscriber.receive(kPatience)), "next");
}

TEST_F(Exchange, PassesOverAnAbortedClaim) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  { auto claim = publisher.claim(100); }
  publisher.publish(bytes("kept"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "kept");
}

TEST_F(Exchange, CarriesMessagesOfZeroBytes) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  ASSERT_EQ(publisher.publish({}), Outcome::ok);
  const auto message = subscriber.receive(kPatience);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message.payload().empty());
}

TEST_F(Exchange, ShowsABatchAllAtOnceAndInTheOrderOfItsClaims) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  std::vector<Claim> claims;
  for (const char* word : {"x", "y", "z"}) {
    claims.push_back(publisher.claim(1));
    std::memcpy(claims.back().data(), word, 1);
  }
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::empty);
  publisher.commit(claims);
  std::string all;
  EXPECT_EQ(subscriber.poll([&](const Message& message) { all += text(message); }, 10), 3);
  EXPECT_EQ(all, "xyz");
}

TEST_F(Exchange, RefusesABatchWithAForeignClaimAndCommitsNothing) {
  bus.create("two", {.max_publishers = 2});
  auto one = bus.publisher("two");
  auto other = bus.publisher("two");
  auto subscriber = bus.subscriber("two");
  std::vector<Claim> claims;
  claims.push_back(one.claim(1));
  claims.push_back(other.claim(1));
  EXPECT_THROW(one.commit(claims), Error);
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::empty);
}

TEST_F(Exchange, StartsALateJoinerAtTheOldestMessageOrAtNow) {
  auto publisher = bus.publisher("a");
  publisher.publish(bytes("old"));
  auto oldest = bus.subscriber("a", {.start = Start::oldest()});
  auto now = bus.subscriber("a");
  publisher.publish(bytes("new"));
  EXPECT_EQ(text(oldest.receive(kPatience)), "old");
  EXPECT_EQ(text(oldest.receive(kPatience)), "new");
  EXPECT_EQ(text(now.receive(kPatience)), "new");
}

TEST_F(Exchange, TimesOutWhereNothingComes) {
  auto subscriber = bus.subscriber("a");
  EXPECT_EQ(subscriber.receive(1ms).outcome(), Outcome::timeout);
}

TEST_F(Exchange, HoldsEightMessagesAndRefusesTheNinthUntilOneIsReleased) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  for (int i = 0; i < 9; ++i) publisher.publish(bytes(std::to_string(i)));
  std::vector<Message> held;
  for (int i = 0; i < 8; ++i) held.push_back(subscriber.receive(kPatience));
  EXPECT_EQ(subscriber.receive(kPatience).outcome(), Outcome::too_many_held);
  held[3].release();
  EXPECT_EQ(text(subscriber.receive(kPatience)), "8");
  EXPECT_EQ(text(held[0]), "0");
  EXPECT_EQ(text(held[7]), "7");
}

TEST_F(Exchange, MakesRoomWhenAHeldMessageIsReleasedOnAnotherThread) {
  bus.create("small", {.capacity = 4096, .block_timeout = kPatience});
  auto publisher = bus.publisher("small");
  auto subscriber = bus.subscriber("small");
  const std::vector<std::byte> quarter(1000);
  for (int i = 0; i < 4; ++i) {
    if (publisher.try_publish(quarter) != Outcome::ok) break;
  }
  auto held = subscriber.receive(kPatience);
  ASSERT_EQ(publisher.try_publish(quarter), Outcome::full);
  std::thread releaser([message = std::move(held)]() mutable { message.release(); });
  EXPECT_EQ(publisher.publish(quarter), Outcome::ok);
  releaser.join();
}

TEST_F(Exchange, BlocksForTheChannelsTimeLimitAndSaysSo) {
  bus.create("small", {.capacity = 4096, .block_timeout = 1ms});
  auto publisher = bus.publisher("small");
  auto subscriber = bus.subscriber("small");
  Outcome outcome = Outcome::ok;
  for (int i = 0; i < 10 && outcome == Outcome::ok; ++i) {
    outcome = publisher.publish(std::vector<std::byte>(1000));
  }
  EXPECT_EQ(outcome, Outcome::timeout);
}

TEST_F(Exchange, CountsWhatItDropsWhereTheChannelSaysSo) {
  bus.create("lossy", {.capacity = 4096, .when_full = WhenFull::drop_newest});
  auto publisher = bus.publisher("lossy");
  auto subscriber = bus.subscriber("lossy");
  std::uint64_t dropped = 0;
  for (int i = 0; i < 20; ++i) {
    dropped += publisher.publish(std::vector<std::byte>(1000)) == Outcome::dropped;
  }
  EXPECT_GE(dropped, 16u);
  EXPECT_EQ(subscriber.dropped(), dropped);
  EXPECT_EQ(bus.channel("lossy").channel.dropped, dropped);
}

TEST_F(Exchange, DoesNotWaitForItsOwnOpenClaims) {
  bus.create("small", {.capacity = 4096, .block_timeout = kPatience});
  auto publisher = bus.publisher("small");
  std::vector<Claim> open;
  Outcome outcome = Outcome::ok;
  for (int i = 0; i < 10 && outcome == Outcome::ok; ++i) {
    auto claim = publisher.claim(1000);
    outcome = claim.outcome();
    if (claim) open.push_back(std::move(claim));
  }
  EXPECT_EQ(outcome, Outcome::full);
}

TEST_F(Exchange, EndsTheStreamBehindEverythingThatWasCommitted) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  publisher.publish(bytes("last"));
  EXPECT_EQ(publisher.end(), Outcome::ok);
  EXPECT_EQ(publisher.publish(bytes("late")), Outcome::ended);
  EXPECT_EQ(text(subscriber.receive(kPatience)), "last");
  EXPECT_EQ(subscriber.receive(kPatience).outcome(), Outcome::ended);
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::empty);
}

TEST_F(Exchange, EndsAStreamOfSeveralPublishersWithTheLastOfThem) {
  bus.create("two", {.max_publishers = 2});
  auto one = bus.publisher("two");
  auto other = bus.publisher("two");
  auto subscriber = bus.subscriber("two");
  EXPECT_EQ(one.end(), Outcome::ok);
  other.publish(bytes("more"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "more");
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::empty);
  EXPECT_EQ(other.end(), Outcome::ok);
  EXPECT_EQ(subscriber.receive(kPatience).outcome(), Outcome::ended);
}

TEST_F(Exchange, RefusesToReceiveInsideAPollOfTheSameSubscriber) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  publisher.publish(bytes("one"));
  publisher.publish(bytes("two"));
  const auto nested = [&](const Message&) {
    EXPECT_THROW(subscriber.try_receive(), Error);
    EXPECT_THROW(subscriber.poll([](const Message&) {}, 1), Error);
  };
  EXPECT_EQ(subscriber.poll(nested, 1), 1);
  EXPECT_EQ(text(subscriber.try_receive()), "two");
}

TEST_F(Exchange, ACallbackOfPollMayMoveTheSubscriber) {
  auto publisher = bus.publisher("a");
  std::optional<Subscriber> first = bus.subscriber("a");
  std::optional<Subscriber> second;
  for (const char* word : {"1", "2", "3"}) publisher.publish(bytes(word));
  int calls = 0;
  const int count = first->poll(
      [&](const Message&) {
        if (++calls != 1) return;
        second.emplace(std::move(*first));
        first.reset();
      },
      10);
  EXPECT_EQ(count, 3);
  publisher.publish(bytes("4"));
  EXPECT_EQ(text(second->receive(kPatience)), "4");
}

TEST_F(Exchange, ClaimsOfOnePublisherMayBeCommittedInAnyOrder) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  std::vector<Claim> claims;
  for (const char word : {'1', '2', '3', '4'}) {
    claims.push_back(publisher.claim(1));
    ASSERT_TRUE(claims.back());
    *claims.back().data() = static_cast<std::byte>(word);
  }
  claims[2].commit();
  claims[0].commit();
  claims[1].abort();
  EXPECT_EQ(text(subscriber.receive(kPatience)), "1");
  const Message third = subscriber.receive(kPatience);
  EXPECT_EQ(text(third), "3");
  EXPECT_EQ(third.sequence(), 2u);
  publisher.publish(bytes("5"));  // behind an open claim
  claims[3].commit();
  EXPECT_EQ(text(subscriber.receive(kPatience)), "4");
  EXPECT_EQ(text(subscriber.receive(kPatience)), "5");
  EXPECT_EQ(publisher.end(), Outcome::ok);
}

TEST_F(Exchange, AClaimOutlivesItsPublisher) {
  auto subscriber = bus.subscriber("a");
  Claim claim;
  {
    auto publisher = bus.publisher("a");
    claim = publisher.claim(1);
    ASSERT_TRUE(claim);
  }
  *claim.data() = std::byte{'x'};
  claim.commit();
  EXPECT_EQ(text(subscriber.receive(kPatience)), "x");
  EXPECT_EQ(bus.publisher("a").publish(bytes("y")), Outcome::ok);
  EXPECT_EQ(text(subscriber.receive(kPatience)), "y");
}

TEST_F(Exchange, PollMovesPastEveryMessageWhoseCallbackWasEntered) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  for (const char* word : {"1", "2", "3"}) publisher.publish(bytes(word));
  int calls = 0;
  EXPECT_THROW(subscriber.poll(
                   [&](const Message&) {
                     if (++calls == 2) throw std::runtime_error("callback");
                   },
                   10),
               std::runtime_error);
  EXPECT_EQ(text(subscriber.receive(kPatience)), "3");
}

TEST_F(Exchange, APollFindsMessagesOfAllSizesBetweenAbortedOnes) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  const std::size_t sizes[] = {5, 5, 5, 0, 0, 9, 5, 8, 16, 16, 5};
  std::vector<std::pair<std::uint64_t, std::size_t>> sent, found;
  std::uint64_t number = 0;
  for (int i = 0; i < 300; ++i) {
    if (i % 7 == 3) {
      publisher.claim(5).abort();
      ++number;
    }
    const std::size_t size = sizes[i % std::size(sizes)];
    ASSERT_EQ(publisher.publish(bytes(std::string(size, 'a'))), Outcome::ok);
    sent.emplace_back(number++, size);
  }
  const auto note = [&](const Message& message) {
    found.emplace_back(message.sequence(), message.payload().size());
  };
  while (subscriber.poll(note, 64) > 0) {
  }
  EXPECT_EQ(found, sent);
}

TEST_F(Exchange, APollThatHadAllItWantedSaysOkInAStreamAtFullSpeed) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  std::atomic<bool> stop{false};
  std::thread sender([&] {
    while (!stop) publisher.publish(bytes("message"));
  });
  for (int full = 0; full < 1000 && !HasFailure();) {
    if (subscriber.poll([](const Message&) {}, 64) != 64) continue;
    ++full;
    EXPECT_EQ(subscriber.poll_outcome(), Outcome::ok);
  }
  stop = true;
  publisher.interrupt();
  sender.join();
}

TEST_F(Exchange, PollSaysWhyItStopped) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  publisher.publish(bytes("1"));
  publisher.publish(bytes("2"));
  publisher.end();
  const auto ignore = [](const Message&) {};
  EXPECT_EQ(subscriber.poll(ignore, 1), 1);
  EXPECT_EQ(subscriber.poll_outcome(), Outcome::ok);
  EXPECT_EQ(subscriber.poll(ignore, 10), 1);
  EXPECT_EQ(subscriber.poll_outcome(), Outcome::ended);
  EXPECT_EQ(subscriber.poll(ignore, 10), 0);
  EXPECT_EQ(subscriber.poll_outcome(), Outcome::empty);
}

TEST_F(Exchange, InterruptsAWaitingSubscriberFromAnotherThread) {
  auto subscriber = bus.subscriber("a");
  std::thread other([&] { subscriber.interrupt(); });
  EXPECT_EQ(subscriber.receive().outcome(), Outcome::interrupted);
  other.join();
}

TEST_F(Exchange, InterruptsAWaitingPublisherFromAnotherThread) {
  bus.create("small", {.capacity = 4096, .block_timeout = kPatience});
  auto publisher = bus.publisher("small");
  auto subscriber = bus.subscriber("small");
  while (publisher.try_publish(std::vector<std::byte>(500)) == Outcome::ok) {
  }
  std::thread other([&] { publisher.interrupt(); });
  EXPECT_EQ(publisher.publish(std::vector<std::byte>(500)), Outcome::interrupted);
  other.join();
}

TEST_F(Exchange, WakesASleepingSubscriber) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  std::string got;
  std::thread reader([&] { got = text(subscriber.receive()); });
  publisher.publish(bytes("wake"));
  reader.join();
  EXPECT_EQ(got, "wake");
}

TEST_F(Exchange, StopsGatingAtOnceWhenASubscriberIsDestroyed) {
  bus.create("small", {.capacity = 4096, .block_timeout = kPatience});
  auto publisher = bus.publisher("small");
  {
    auto subscriber = bus.subscriber("small");
    while (publisher.try_publish(std::vector<std::byte>(500)) == Outcome::ok) {
    }
  }
  EXPECT_EQ(publisher.try_publish(std::vector<std::byte>(500)), Outcome::ok);
}

TEST_F(Exchange, AlignsPayloadsAsTheChannelSays) {
  bus.create("wide", {.capacity = 1 << 20, .alignment = 4096});
  auto publisher = bus.publisher("wide");
  auto subscriber = bus.subscriber("wide");
  for (int i = 0; i < 300; ++i) {
    auto claim = publisher.claim(static_cast<std::size_t>(i) * 37);
    ASSERT_TRUE(claim);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(claim.data()) % 4096, 0u);
    claim.commit();
    const auto message = subscriber.receive(kPatience);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(message.payload().data()) % 4096, 0u);
  }
}

TEST_F(Exchange, GoesOnWhileTheBrokerIsStoppedOrGone) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  broker.process().kill(SIGSTOP);
  publisher.publish(bytes("stopped"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "stopped");
  broker.process().kill(SIGCONT);
  broker.kill();
  publisher.publish(bytes("dead"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "dead");
}

TEST_F(Exchange, TellsMembersThatAChannelWasRemovedBehindWhatWasCommitted) {
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  publisher.publish(bytes("last"));
  bus.remove("a", true);
  EXPECT_EQ(text(subscriber.receive(kPatience)), "last");
  EXPECT_EQ(subscriber.receive(kPatience).outcome(), Outcome::closed);
  EXPECT_EQ(subscriber.try_receive().outcome(), Outcome::closed);
}

TEST_F(Exchange, TellsEveryPublisherThatAChannelWasRemovedWithItsFirstCommitAfterIt) {
  for (const std::uint32_t publishers : {1u, 3u}) {
    const std::string name = "removed-" + std::to_string(publishers);
    bus.create(name, {.max_publishers = publishers});
    std::vector<Publisher> all;
    for (std::uint32_t i = 0; i < publishers; ++i) all.push_back(bus.publisher(name));
    bus.remove(name, true);
    for (Publisher& publisher : all) publisher.publish({});
    for (Publisher& publisher : all) {
      EXPECT_EQ(publisher.publish({}), Outcome::closed);
      EXPECT_EQ(publisher.end(), Outcome::closed);
    }
  }
}

}  // namespace
}  // namespace busbar::test
