#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <busbar/busbar.hpp>
#include <cstring>
#include <functional>
#include <optional>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text(const Message& message) {
  const auto payload = message.payload();
  return std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
}

Errc errc_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.errc();
  }
  return Errc{};
}

/// Runs `work` in a forked child; true if it says so.
bool in_a_child(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class Lifetime : public testing::Test {
 protected:
  TestBroker broker;
};

TEST_F(Lifetime, KeepsAMessageReadableAfterSubscriberAndBusAreGone) {
  std::optional<Message> kept;
  {
    auto bus = broker.connect();
    auto publisher = bus.publisher("a");
    auto subscriber = bus.subscriber("a");
    publisher.publish(bytes("kept"));
    kept = subscriber.receive(kPatience);
  }
  EXPECT_EQ(text(*kept), "kept");
}

TEST_F(Lifetime, LetsAClaimBeCommittedAfterItsPublisherIsGone) {
  auto bus = broker.connect();
  auto subscriber = bus.subscriber("a");
  std::optional<Claim> claim;
  {
    auto publisher = bus.publisher("a");
    claim = publisher.claim(4);
  }
  std::memcpy(claim->data(), "late", 4);
  claim->commit();
  EXPECT_EQ(text(subscriber.receive(kPatience)), "late");
}

TEST_F(Lifetime, FreesThePublishersPlaceWithItsLastClaim) {
  auto bus = broker.connect();
  std::optional<Publisher> publisher = bus.publisher("a");
  auto claim = publisher->claim(4);
  publisher.reset();
  EXPECT_EQ(errc_of([&] { bus.publisher("a"); }), Errc::in_use);
  claim.abort();
  EXPECT_NO_THROW(bus.publisher("a"));
}

TEST_F(Lifetime, HeldMessagesOutliveTheirSubscriberAndGateNobody) {
  auto bus = broker.connect();
  bus.create("small", {.capacity = 4096});
  auto publisher = bus.publisher("small");
  std::optional<Subscriber> subscriber = bus.subscriber("small");
  publisher.publish(bytes("held"));
  auto held = subscriber->receive(kPatience);
  subscriber.reset();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(publisher.try_publish(std::vector<std::byte>(500)), Outcome::ok);
    ASSERT_EQ(text(held), "held");
  }
}

TEST_F(Lifetime, RefusesMovedFromHandles) {
  auto bus = broker.connect();
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  auto claim = publisher.claim(1);
  const auto other_claim = std::move(claim);
  const auto other_publisher = std::move(publisher);
  const auto other_subscriber = std::move(subscriber);
  const auto other_bus = std::move(bus);
  EXPECT_EQ(errc_of([&] { claim.commit(); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { publisher.claim(1); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { subscriber.try_receive(); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { bus.publisher("b"); }), Errc::misuse);
}

TEST_F(Lifetime, RefusesACommitOfMoreThanWasClaimedAndLeavesTheClaimOpen) {
  auto bus = broker.connect();
  auto publisher = bus.publisher("a");
  auto claim = publisher.claim(8);
  EXPECT_EQ(errc_of([&] { claim.commit(9); }), Errc::misuse);
  EXPECT_NO_THROW(claim.commit(8));
}

TEST_F(Lifetime, RefusesAnEndWhileClaimsAreOpen) {
  auto bus = broker.connect();
  auto publisher = bus.publisher("a");
  auto claim = publisher.claim(8);
  EXPECT_EQ(errc_of([&] { publisher.end(); }), Errc::misuse);
}

TEST_F(Lifetime, MakesInheritedHandlesThrowInAForkedChild) {
  auto bus = broker.connect();
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  auto claim = publisher.claim(8);
  EXPECT_TRUE(in_a_child([&] {
    return errc_of([&] { publisher.claim(1); }) == Errc::forked &&
           errc_of([&] { claim.commit(); }) == Errc::forked &&
           errc_of([&] { subscriber.try_receive(); }) == Errc::forked &&
           errc_of([&] { bus.channels(); }) == Errc::forked;
  }));
}

TEST_F(Lifetime, LeavesTheParentsPlacesAloneWhenAForkedChildDestroysItsHandles) {
  auto bus = broker.connect();
  std::optional<Publisher> publisher = bus.publisher("a");
  std::optional<Subscriber> subscriber = bus.subscriber("a");
  publisher->publish(bytes("one"));
  std::optional<Message> held = subscriber->receive(kPatience);
  std::optional<Claim> claim = publisher->claim(3);
  std::memcpy(claim->data(), "two", 3);
  EXPECT_TRUE(in_a_child([&] {
    subscriber.reset();
    held.reset();
    claim.reset();
    publisher.reset();
    return true;
  }));
  claim->commit();
  EXPECT_EQ(text(*held), "one");
  EXPECT_EQ(text(subscriber->receive(kPatience)), "two");
  EXPECT_EQ(bus.channel("a").publishers.size(), 1u);
}

TEST_F(Lifetime, LeavesTheParentsCursorAloneWhenAPollCallbackForks) {
  auto bus = broker.connect();
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  const auto cursor = [&] { return bus.channel("a").subscribers.at(0).cursor; };
  const std::uint64_t before = cursor();
  publisher.publish(bytes("one"));
  publisher.publish(bytes("two"));
  pid_t child = -1;
  try {
    subscriber.poll([&](const Message&) { child = ::fork(); }, 1);
  } catch (const Error& error) {
    ::_exit(error.errc() == Errc::forked ? 0 : 1);  // the child
  }
  if (child == 0) ::_exit(2);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_GT(cursor(), before);
  EXPECT_EQ(text(subscriber.receive(kPatience)), "two");
}

TEST_F(Lifetime, RefusesQuestionsToMovedFromHandles) {
  auto bus = broker.connect();
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  const auto other_publisher = std::move(publisher);
  const auto other_subscriber = std::move(subscriber);
  const auto other_bus = std::move(bus);
  EXPECT_EQ(errc_of([&] { publisher.channel(); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { publisher.max_message(); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { subscriber.capacity(); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { subscriber.dropped(); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { subscriber.poll_outcome(); }), Errc::misuse);
  EXPECT_EQ(errc_of([&] { bus.socket(); }), Errc::misuse);
}

TEST_F(Lifetime, OpensAndLeavesThousandsOfTimes) {
  auto bus = broker.connect();
  for (int i = 0; i < 5000; ++i) bus.subscriber("a");
  while (!bus.channel("a").subscribers.empty()) {
  }
}

TEST_F(Lifetime, LetsAForkedChildConnectAnew) {
  auto bus = broker.connect();
  auto subscriber = bus.subscriber("a");
  EXPECT_TRUE(in_a_child([&] {
    auto own = broker.connect("child");
    auto publisher = own.publisher("a");
    return publisher.publish(bytes("child")) == Outcome::ok;
  }));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "child");
}

}  // namespace
}  // namespace busbar::test
