#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/forked_client.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using control::Open;
using control::Opened;
using control::Role;
using ::testing::HasSubstr;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(const Message& message) {
  const auto payload = message.payload();
  return std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
}

/// How the broker goes and another one comes.
class Restarted : public ::testing::TestWithParam<const char*> {
 protected:
  void restart() {
    if (std::string(GetParam()) == "killed") {
      broker.kill();
    } else {
      EXPECT_EQ(broker.stop(), 0);
    }
    broker.start();
  }

  TestBroker broker;
};

INSTANTIATE_TEST_SUITE_P(Broker, Restarted, ::testing::Values("killed", "stopped"),
                         [](const auto& how) { return std::string(how.param); });

TEST_P(Restarted, LeavesMembersTheirChannelAndLosesNothing) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  Subscriber subscriber = bus.subscriber("quotes");
  ASSERT_EQ(publisher.publish(bytes_of("before")), Outcome::ok);
  restart();
  ASSERT_EQ(publisher.publish(bytes_of("after")), Outcome::ok);
  EXPECT_EQ(text_of(subscriber.receive()), "before");
  EXPECT_EQ(text_of(subscriber.receive()), "after");
}

TEST_P(Restarted, LetsNewcomersIntoTheSameChannel) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  restart();
  Bus later = broker.connect("later");
  Subscriber newcomer = later.subscriber("quotes");
  ASSERT_EQ(publisher.publish(bytes_of("hello")), Outcome::ok);
  EXPECT_EQ(text_of(newcomer.receive()), "hello");
}

TEST_P(Restarted, KnowsWhoHoldsWhichPlace) {
  ForkedClient feed([&] {
    auto* bus = new Bus(broker.connect("feed"));
    new Publisher(bus->publisher("quotes"));
  });
  restart();
  RawClient client(broker.socket());
  const auto refused = client.ask(Open{"quotes", Role::publisher});
  EXPECT_THAT(refused.failure().text,
              HasSubstr("\"feed\" (pid " + std::to_string(feed.pid()) + ")"));
}

TEST_P(Restarted, FreesThePlacesOfWhoDiesLater) {
  ForkedClient feed([&] {
    auto* bus = new Bus(broker.connect("feed"));
    new Publisher(bus->publisher("quotes"));
  });
  restart();
  feed.kill();
  Bus bus = broker.connect();
  EXPECT_TRUE(eventually([&] {
    RawClient client(broker.socket());
    return std::holds_alternative<Opened>(client.ask(Open{"quotes", Role::publisher}).reply.body);
  }));
}

TEST_P(Restarted, ASecondTimeToo) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  Subscriber subscriber = bus.subscriber("quotes");
  restart();
  restart();
  ASSERT_EQ(publisher.publish(bytes_of("after")), Outcome::ok);
  EXPECT_EQ(text_of(subscriber.receive()), "after");
}

TEST_P(Restarted, LeavesNothingBehindOnceTheMembersHaveLeft) {
  std::vector<std::string> files;
  {
    ForkedClient feed([&] {
      auto* bus = new Bus(broker.connect("feed"));
      new Publisher(bus->publisher("quotes"));
      new Subscriber(bus->subscriber("quotes"));
    });
    files = broker.segments();
    files.push_back(broker.ledger());
    ASSERT_EQ(files.size(), 3u);
    restart();
  }
  EXPECT_EQ(broker.stop(), 0);
  for (const std::string& file : files) EXPECT_FALSE(std::filesystem::exists(file)) << file;
  EXPECT_FALSE(std::filesystem::exists(broker.socket() + ".lock"));
}

class BrokerRestart : public ::testing::Test {
 protected:
  control::Welcome come_back(RawClient& client, const control::Welcome& before,
                             std::uint64_t last_grant) {
    control::Hello hello = RawClient::hello("raw");
    hello.session = before.session;
    hello.secret = before.secret;
    hello.last_grant = last_grant;
    return client.ask(hello).as<control::Welcome>();
  }

  TestBroker broker;
};

TEST_F(BrokerRestart, FreesThePlacesOfWhoDiedMeanwhile) {
  ForkedClient feed([&] {
    auto* bus = new Bus(broker.connect("feed"));
    new Publisher(bus->publisher("quotes"));
  });
  ForkedClient reader([&] {
    auto* bus = new Bus(broker.connect("reader"));
    new Subscriber(bus->subscriber("quotes"));
  });
  broker.kill();
  feed.kill();
  broker.start();
  EXPECT_TRUE(broker.process().wait_for_stderr("client \"feed\" (pid "));
  EXPECT_TRUE(broker.process().wait_for_stderr(" has ended while there was no broker"));
  RawClient client(broker.socket());
  client.ask(Open{"quotes", Role::publisher}).as<Opened>();
}

TEST_F(BrokerRestart, GivesASessionBackToWhoProvesIt) {
  RawClient client = RawClient::silent(broker.socket());
  const auto welcome = client.ask(RawClient::hello()).as<control::Welcome>();
  const auto opened = client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  broker.kill();
  broker.start();
  RawClient again = RawClient::silent(broker.socket());
  const auto back = come_back(again, welcome, opened.grant);
  EXPECT_TRUE(back.resumed);
  EXPECT_EQ(back.session, welcome.session);
  EXPECT_EQ(back.epoch, welcome.epoch + 1);
  EXPECT_TRUE(back.lost.empty());
  again.send_request(
      control::Leave{opened.channel_id, Role::publisher, opened.index, opened.grant});
  EXPECT_TRUE(eventually([&] {
    return again.ask(control::List{}).as<control::ChannelList>().channels.at(0).publishers == 0;
  }));
}

TEST_F(BrokerRestart, GivesASessionToTheLaterOfTwoConnectionsOfOneClient) {
  RawClient client = RawClient::silent(broker.socket());
  const auto welcome = client.ask(RawClient::hello()).as<control::Welcome>();
  const auto opened = client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  RawClient again = RawClient::silent(broker.socket());
  EXPECT_TRUE(come_back(again, welcome, opened.grant).resumed);
  EXPECT_TRUE(client.wait_for_hangup());
  EXPECT_EQ(again.ask(control::List{}).as<control::ChannelList>().channels.at(0).publishers, 1u);
}

TEST_F(BrokerRestart, GivesNobodyASessionByAWrongSecret) {
  RawClient client = RawClient::silent(broker.socket());
  auto welcome = client.ask(RawClient::hello()).as<control::Welcome>();
  client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  broker.kill();
  broker.start();
  welcome.secret[0] = welcome.secret[0] == '0' ? '1' : '0';
  RawClient again = RawClient::silent(broker.socket());
  EXPECT_FALSE(come_back(again, welcome, 1).resumed);
}

TEST_F(BrokerRestart, GivesAForkedChildNotItsParentsSession) {
  RawClient client = RawClient::silent(broker.socket());
  const auto welcome = client.ask(RawClient::hello()).as<control::Welcome>();
  client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  broker.kill();
  broker.start();
  ForkedClient child([&] {
    RawClient again = RawClient::silent(broker.socket());
    if (come_back(again, welcome, 1).resumed) throw std::runtime_error("resumed");
  });
}

TEST_F(BrokerRestart, TakesBackAGrantWhoseAnswerNeverArrived) {
  RawClient client = RawClient::silent(broker.socket());
  const auto welcome = client.ask(RawClient::hello()).as<control::Welcome>();
  const auto opened = client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  broker.kill();
  broker.start();
  RawClient again = RawClient::silent(broker.socket());
  EXPECT_TRUE(come_back(again, welcome, opened.grant - 1).resumed);
  EXPECT_TRUE(eventually([&] {
    return again.ask(control::List{}).as<control::ChannelList>().channels.at(0).publishers == 0;
  }));
}

TEST_F(BrokerRestart, SetsADamagedChannelAsideAndServesTheRest) {
  RawClient client = RawClient::silent(broker.socket());
  const auto welcome = client.ask(RawClient::hello()).as<control::Welcome>();
  const auto bad = client.ask(Open{"bad", Role::publisher}).as<Opened>();
  const auto segments = broker.segments();
  const auto good = client.ask(Open{"good", Role::publisher}).as<Opened>();
  broker.kill();
  for (const std::string& segment : segments) {
    std::fstream file(segment, std::ios::in | std::ios::out);
    file << "nonsense";
  }
  broker.start();
  EXPECT_TRUE(broker.process().wait_for_stderr(
      "channel \"bad\" of the broker before cannot be taken over: "));
  EXPECT_FALSE(std::filesystem::exists(segments[0]));
  RawClient again = RawClient::silent(broker.socket());
  const auto back = come_back(again, welcome, good.grant);
  EXPECT_TRUE(back.resumed);
  EXPECT_THAT(back.lost, ::testing::ElementsAre(bad.channel_id));
  const auto left = again.ask(control::List{}).as<control::ChannelList>().channels;
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].name, "good");
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    const std::string path = entry.path();
    if (path.starts_with(segments[0] + ".damaged-") ||
        path.starts_with(segments[1] + ".damaged-")) {
      std::filesystem::remove(path);
    }
  }
}

TEST_F(BrokerRestart, GoesOnWithoutALedgerThatIsDamaged) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  const std::string ledger = broker.ledger();
  broker.kill();
  std::fstream(ledger, std::ios::in | std::ios::out) << "nonsense";
  broker.start();
  EXPECT_TRUE(broker.process().wait_for_stderr("does not begin with the magic number"));
  RawClient client(broker.socket());
  EXPECT_TRUE(client.ask(control::List{}).as<control::ChannelList>().channels.empty());
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    if (std::string(entry.path()).starts_with(ledger + ".damaged-")) {
      std::filesystem::remove(entry.path());
    }
  }
}

TEST_F(BrokerRestart, SurvivesASegmentThatAMemberCutsShort) {
  ForkedClient feed([&] {
    auto* bus = new Bus(broker.connect("feed"));
    new Publisher(bus->publisher("quotes"));
  });
  RawClient client(broker.socket());
  client.ask(Open{"other", Role::publisher}).as<Opened>();
  const auto segments = broker.segments();
  for (const std::string& segment : segments) {
    if (std::filesystem::file_size(segment) == 0) continue;
    if (segment.ends_with("-ring")) std::filesystem::resize_file(segment, 0);
  }
  client.ask(control::Show{"quotes"});
  EXPECT_TRUE(broker.process().wait_for_stderr("channel \"quotes\": a member has cut its segment"));
  EXPECT_TRUE(broker.process().running());
}

TEST_F(BrokerRestart, SaysThatAChannelEndsWithItWhoseDescriptorsNobodyKeeps) {
  Bus bus = broker.connect("feed");
  bus.create("quotes", {.segment = "sealed"});
  Publisher publisher = bus.publisher("quotes");
  EXPECT_TRUE(
      broker.process().wait_for_stderr("channel \"quotes\" is sealed and ends with this broker"));
  EXPECT_EQ(broker.stop(), 0);
  EXPECT_TRUE(broker.process().wait_for_stderr("channel \"quotes\" ends with this broker, nobody"));
  broker.start();
  EXPECT_TRUE(eventually([&] { return publisher.try_publish({}) == Outcome::closed; }));
  publisher = bus.publisher("quotes");
  EXPECT_EQ(bus.channel("quotes").publishers.size(), 1u);
}

TEST_F(BrokerRestart, AdoptsAThousandChannels) {
  RawClient client(broker.socket());
  control::ChannelSettings settings;
  settings.capacity = 65536;
  for (int i = 0; i < 1000; ++i) {
    client.ask(control::Create{"c" + std::to_string(i), settings}).as<control::Created>();
  }
  broker.kill();
  broker.start();
  EXPECT_TRUE(broker.process().wait_for_stderr("taken over from the broker before: 1000 "));
}

}  // namespace
}  // namespace busbar::test
