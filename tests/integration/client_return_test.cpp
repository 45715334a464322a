#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <busbar/busbar.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/raw_client.hpp"
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

class ClientReturn : public testing::Test {
 protected:
  Bus patient(const std::string& name) const {
    return Bus::connect({.name = name, .socket = broker.socket(), .timeout = kPatience});
  }

  /// Whether a client of this name is connected, as another one sees it.
  bool is_back(const std::string& name) const {
    Bus observer = broker.connect("observer");
    const auto clients = observer.clients();
    return std::ranges::any_of(
        clients, [&](const ClientInfo& client) { return client.name == name && client.connected; });
  }

  /// The next broker knows nothing of this one's.
  void restart_without_ledger() {
    const std::string ledger = broker.ledger();
    broker.kill();
    std::filesystem::remove(ledger);
    broker.start();
  }

  TestBroker broker;
};

TEST_F(ClientReturn, AsksTheNextBrokerAsIfNothingHadHappened) {
  auto bus = patient("asker");
  broker.kill();
  broker.start();
  EXPECT_EQ(bus.broker().pid, broker.process().pid());
  bus.create("new");
  EXPECT_NO_THROW(bus.publisher("new"));
}

TEST_F(ClientReturn, WaitsWithACallUntilTheBrokerIsThere) {
  auto bus = patient("asker");
  broker.kill();
  std::jthread asker([&] { EXPECT_NO_THROW(bus.publisher("a")); });
  broker.start();
}

TEST_F(ClientReturn, LetsManyThreadsAskWhileTheBrokerIsRestarted) {
  auto bus = patient("asker");
  bus.create("a", {.max_publishers = 8});
  std::atomic<bool> over{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      while (!over) EXPECT_NO_THROW(bus.publisher("a"));
    });
  }
  for (int i = 0; i < 3; ++i) {
    broker.kill();
    broker.start();
  }
  over = true;
  threads.clear();
  EXPECT_TRUE(eventually([&] { return bus.channel("a").publishers.empty(); }));
}

TEST_F(ClientReturn, WaitsForTheFirstBrokerIfItIsToldTo) {
  broker.kill();
  std::optional<Bus> bus;
  std::jthread waiter([&] {
    bus = Bus::connect({.socket = broker.socket(), .timeout = kPatience, .wait_for_broker = true});
  });
  broker.start();
  waiter.join();
  EXPECT_EQ(bus->broker().pid, broker.process().pid());
}

TEST_F(ClientReturn, SaysHowLongItHasWaitedForTheFirstBroker) {
  broker.kill();
  try {
    Bus::connect({.socket = broker.socket(), .timeout = 10ms, .wait_for_broker = true});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::no_broker);
    EXPECT_THAT(error.what(), testing::HasSubstr("waited 10ms"));
  }
}

TEST_F(ClientReturn, ExchangesMessagesWhileTheBrokerIsAwayAndAfterIt) {
  auto feed = patient("feed");
  auto risk = patient("risk");
  auto publisher = feed.publisher("a");
  auto subscriber = risk.subscriber("a");
  broker.kill();
  publisher.publish(bytes("away"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "away");
  EXPECT_EQ(subscriber.receive(1ms).outcome(), Outcome::timeout);
  broker.start();
  publisher.publish(bytes("back"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "back");
}

TEST_F(ClientReturn, TakesANewcomerOfTheNextBrokerIntoTheChannelOfBefore) {
  auto feed = patient("feed");
  auto publisher = feed.publisher("a");
  broker.stop();
  broker.start();
  auto risk = patient("risk");
  auto subscriber = risk.subscriber("a");
  publisher.publish(bytes("hello"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "hello");
}

TEST_F(ClientReturn, OpensMoreOnTheChannelOfBefore) {
  auto feed = patient("feed");
  auto publisher = feed.publisher("a");
  broker.kill();
  broker.start();
  auto subscriber = feed.subscriber("a");
  publisher.publish(bytes("hello"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "hello");
  EXPECT_EQ(feed.channel("a").publishers.at(0).name, "feed");
}

TEST_F(ClientReturn, BringsBackASubscriberThatSleepsAndNeverAsks) {
  auto risk = patient("risk");
  auto subscriber = risk.subscriber("a");
  std::jthread receiver([&] { EXPECT_EQ(text(subscriber.receive(kPatience)), "at last"); });
  broker.kill();
  broker.start();
  EXPECT_TRUE(eventually([&] { return is_back("risk"); }));
  auto publisher = broker.connect().publisher("a");
  publisher.publish(bytes("at last"));
}

TEST_F(ClientReturn, BringsBackAPublisherThatOnlyPublishes) {
  auto feed = patient("feed");
  auto publisher = feed.publisher("a");
  broker.kill();
  broker.start();
  EXPECT_TRUE(eventually([&] {
    publisher.try_publish(bytes("on and on"));
    return is_back("feed");
  }));
}

TEST_F(ClientReturn, BringsBackASubscriberThatOnlyPolls) {
  auto risk = patient("risk");
  auto subscriber = risk.subscriber("a");
  broker.kill();
  broker.start();
  EXPECT_TRUE(eventually([&] {
    subscriber.poll([](const Message&) {}, 1);
    return is_back("risk");
  }));
}

TEST_F(ClientReturn, ClosesASubscriberThatTheNextBrokerDoesNotKnowBehindWhatIsThere) {
  auto bus = patient("both");
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  publisher.publish(bytes("one"));
  publisher.publish(bytes("two"));
  restart_without_ledger();
  bus.channels();  // now it is known
  EXPECT_EQ(text(subscriber.receive(kPatience)), "one");
  EXPECT_EQ(text(subscriber.receive(kPatience)), "two");
  EXPECT_EQ(subscriber.receive(kPatience).outcome(), Outcome::closed);
  EXPECT_TRUE(eventually([&] { return subscriber.try_receive().outcome() == Outcome::closed; }));
  EXPECT_EQ(subscriber.poll([](const Message&) {}, 1), 0);
  EXPECT_EQ(subscriber.poll_outcome(), Outcome::closed);
}

TEST_F(ClientReturn, ClosesAWaitingSubscriberThatTheNextBrokerDoesNotKnow) {
  auto bus = patient("risk");
  auto subscriber = bus.subscriber("a");
  restart_without_ledger();
  Outcome outcome = Outcome::timeout;
  while (outcome == Outcome::timeout) outcome = subscriber.receive(1ms).outcome();
  EXPECT_EQ(outcome, Outcome::closed);
}

TEST_F(ClientReturn, ClosesPublishersThatTheNextBrokerDoesNotKnowAndOpensAnew) {
  auto bus = patient("feed");
  bus.create("several", {.max_publishers = 3});
  std::optional<Publisher> alone = bus.publisher("one");
  std::optional<Publisher> fellow = bus.publisher("several");
  restart_without_ledger();
  EXPECT_TRUE(eventually([&] { return alone->try_publish({}) == Outcome::closed; }));
  EXPECT_TRUE(eventually([&] { return fellow->try_publish({}) == Outcome::closed; }));
  alone = bus.publisher("one");
  auto subscriber = bus.subscriber("one");
  alone->publish(bytes("anew"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "anew");
}

/// Numbers begin anew with a new ledger: the old place may be called as the new one.
TEST_F(ClientReturn, KeepsTheNewPlaceWhenTheOldHandleOfAnotherLifeIsDestroyed) {
  auto bus = patient("both");
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  restart_without_ledger();
  bus.channels();  // now it is known
  publisher = bus.publisher("a");
  subscriber = bus.subscriber("a");
  EXPECT_EQ(bus.channel("a").publishers.size(), 1u);
  EXPECT_EQ(bus.channel("a").subscribers.size(), 1u);
  EXPECT_THROW(broker.connect("second").publisher("a"), Error);
}

TEST_F(ClientReturn, ClosesThePlacesOnAChannelThatIsLostAndNoOthers) {
  auto bus = patient("both");
  auto kept_publisher = bus.publisher("kept");
  auto kept = bus.subscriber("kept");
  const auto before = broker.segments();
  auto lost = bus.subscriber("lost");
  const auto with_lost = broker.segments();
  broker.kill();
  for (const std::string& segment : with_lost) {
    if (std::ranges::find(before, segment) == before.end()) std::filesystem::remove(segment);
  }
  broker.start();
  bus.channels();
  EXPECT_TRUE(eventually([&] { return lost.try_receive().outcome() == Outcome::closed; }));
  kept_publisher.publish(bytes("kept"));
  EXPECT_EQ(text(kept.receive(kPatience)), "kept");
}

TEST_F(ClientReturn, GivesBackWhatItLeftWhileTheBrokerWasAway) {
  auto bus = patient("feed");
  std::optional<Publisher> publisher = bus.publisher("a");
  auto stays = bus.subscriber("a");
  broker.kill();
  publisher.reset();
  broker.start();
  EXPECT_NO_THROW(broker.connect().publisher("a"));
}

}  // namespace
}  // namespace busbar::test
