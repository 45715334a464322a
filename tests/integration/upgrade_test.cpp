#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <span>
#include <string>

#include "tests/support/forked_client.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using control::Open;
using control::Role;
using ::testing::HasSubstr;

/// What the next broker, and clients from now on, serve.
class Upgrade : public ::testing::Test {
 protected:
  ~Upgrade() override { ::unsetenv("BUSBAR_TEST_LAYOUTS"); }

  void upgrade_to(const char* layouts) {
    broker.kill();
    ::setenv("BUSBAR_TEST_LAYOUTS", layouts, 1);
    broker.start(BUSBARD_NEXT_PATH);
  }
  bool passes(Publisher& from, Subscriber& to, const std::string& text) {
    if (from.publish(std::as_bytes(std::span(text))) != Outcome::ok) return false;
    const Message message = to.receive();
    return message && message.payload().size() == text.size();
  }

  TestBroker broker;
};

TEST_F(Upgrade, LeavesMembersOfTheLayoutBeforeTheirChannelAndLetsOthersJoinIt) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  Subscriber subscriber = bus.subscriber("quotes");
  upgrade_to("1-2");
  EXPECT_TRUE(passes(publisher, subscriber, "across"));
  Bus later = broker.connect("later");
  Subscriber newcomer = later.subscriber("quotes");
  EXPECT_TRUE(passes(publisher, newcomer, "to a newcomer"));
}

TEST_F(Upgrade, RefusesAClientOfTheLayoutBeforeANewChannelInWords) {
  upgrade_to("1-2");
  Bus bus = broker.connect("new");
  bus.create("new");
  ::setenv("BUSBAR_TEST_LAYOUTS", "1-1", 1);
  Bus old = broker.connect("old");
  try {
    static_cast<void>(old.subscriber("new"));
    ADD_FAILURE() << "joined";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::version);
    EXPECT_THAT(error.what(), HasSubstr("channel has layout 2, this library serves 1 to 1"));
  }
}

TEST_F(Upgrade, LetsTheMembersOfALayoutThatItDoesNotServeGoOnAlone) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  Subscriber subscriber = bus.subscriber("quotes");
  upgrade_to("2-2");
  EXPECT_TRUE(broker.process().wait_for_stderr("channel \"quotes\" has layout 1"));
  EXPECT_TRUE(passes(publisher, subscriber, "still here"));
  RawClient client(broker.socket());
  const auto refused = client.ask(Open{"quotes", Role::subscriber});
  EXPECT_THAT(refused.failure().text,
              HasSubstr("has layout 1, which this broker does not serve; its members go on"));
}

TEST_F(Upgrade, MakesTheChannelAnewWhenTheLastMemberHasGone) {
  ForkedClient feed([&] {
    auto* bus = new Bus(broker.connect("feed"));
    new Publisher(bus->publisher("quotes"));
  });
  const auto segments = broker.segments();
  upgrade_to("2-2");
  feed.kill();
  EXPECT_TRUE(broker.process().wait_for_stderr("of layout 1 removed, its last member is gone"));
  Bus bus = broker.connect("new");
  Publisher publisher = bus.publisher("quotes");
  Subscriber subscriber = bus.subscriber("quotes");
  EXPECT_TRUE(passes(publisher, subscriber, "anew"));
  for (const std::string& segment : segments) EXPECT_NE(::access(segment.c_str(), F_OK), 0);
}

TEST_F(Upgrade, GivesTheMemoryBackOfOneThatWasRemovedByForce) {
  ForkedClient feed([&] {
    auto* bus = new Bus(broker.connect("feed"));
    new Publisher(bus->publisher("quotes"));
  });
  upgrade_to("2-2");
  RawClient client(broker.socket());
  client.ask(control::Remove{"quotes", true}).as<control::Done>();
  feed.kill();
  EXPECT_TRUE(eventually(
      [&] { return client.ask(control::Broker{}).as<control::BrokerReport>().memory == 0; }));
}

TEST_F(Upgrade, BackToTheVersionBeforeFindsItsChannelAgain) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  upgrade_to("2-2");
  ::unsetenv("BUSBAR_TEST_LAYOUTS");
  broker.kill();
  broker.start(BUSBARD_PATH);
  Bus later = broker.connect("later");
  Subscriber newcomer = later.subscriber("quotes");
  EXPECT_TRUE(passes(publisher, newcomer, "back"));
}

}  // namespace
}  // namespace busbar::test
