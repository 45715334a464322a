#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>

#include "common/base/error.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using control::Open;
using control::Opened;
using control::Reload;
using control::Reloaded;
using control::Role;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr const char* kTwoChannels = R"({
  "channels": [{"name": "quotes", "capacity": "64KiB"}, {"name": "orders", "capacity": "64KiB"}]})";

class ReloadTest : public ::testing::Test {
 protected:
  // A broker answers before it has made what is configured.
  void SetUp() override {
    for (const char* channel : {"quotes", "orders"}) show(channel);
  }

  void configure(const std::string& text) {
    std::ofstream(broker.directory().path("busbard.json"), std::ios::trunc) << text;
  }

  std::vector<std::string> reload(const std::string& text) {
    configure(text);
    return client.ask(Reload{}).as<Reloaded>().changes;
  }

  std::string refusal(const std::string& text) {
    configure(text);
    return client.ask(Reload{}).failure().text;
  }

  std::vector<std::string> channels() {
    std::vector<std::string> names;
    const auto list = client.ask(control::List{}).as<control::ChannelList>();
    for (const auto& channel : list.channels) {
      names.push_back(channel.name);
    }
    return names;
  }

  control::ChannelReport show(const std::string& channel) {
    return client.ask(control::Show{channel}).as<control::ChannelShown>().channel;
  }

  /// Returns once nothing counts but the channels that have a name; false if that does not come.
  bool only_these_remain(const std::vector<std::string>& names) {
    std::uint64_t bytes = 0;
    for (const std::string& name : names) bytes += show(name).memory;
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < until) {
      if (client.ask(control::Broker{}).as<control::BrokerReport>().memory == bytes) return true;
    }
    return false;
  }

  TestBroker broker{{.arguments = {}, .config = kTwoChannels}};
  RawClient client{broker.socket()};
};

TEST_F(ReloadTest, OfTheSameFileChangesNothing) {
  EXPECT_THAT(reload(kTwoChannels), IsEmpty());
  EXPECT_THAT(channels(), ElementsAre("orders", "quotes"));
}

TEST_F(ReloadTest, AddsAndRemovesChannels) {
  const auto changes = reload(R"({"channels": [{"name": "quotes", "capacity": "64KiB"},
                                               {"name": "trades", "capacity": "64KiB"}]})");
  EXPECT_THAT(changes,
              UnorderedElementsAre("channel \"trades\": added", "channel \"orders\": removed"));
  EXPECT_THAT(channels(), ElementsAre("quotes", "trades"));
  client.ask(Open{"trades", Role::publisher}).as<Opened>();
}

TEST_F(ReloadTest, MakesAChannelAnewThatHasNoMembers) {
  EXPECT_THAT(reload(R"({"channels": [{"name": "quotes", "capacity": "1MiB"},
                                      {"name": "orders", "capacity": "64KiB"}]})"),
              ElementsAre("channel \"quotes\": capacity 64KiB -> 1MiB; max_message 16KiB -> "
                          "256KiB (made anew: it has no members)"));
  EXPECT_EQ(show("quotes").capacity, 1u << 20);
  EXPECT_TRUE(only_these_remain({"quotes", "orders"}));
  EXPECT_EQ(broker.segments().size(), 4u);
}

TEST_F(ReloadTest, RefusesAnotherSizeWhileThereAreMembersAndChangesNothingElse) {
  RawClient member(broker.socket(), "feed");
  member.ask(Open{"quotes", Role::publisher}).as<Opened>();
  const std::string words = refusal(R"({"dynamic_channels": false,
      "channels": [{"name": "quotes", "capacity": "1MiB"}, {"name": "more", "capacity": "4KiB"}]})");
  EXPECT_THAT(words, StartsWith("channel \"quotes\": capacity 64KiB -> 1MiB"));
  EXPECT_THAT(words, HasSubstr("is not possible while it has members: \"feed\" (pid "));
  EXPECT_THAT(channels(), ElementsAre("orders", "quotes"));
  client.ask(Open{"dynamic", Role::publisher}).as<Opened>();
}

TEST_F(ReloadTest, RefusesToDropAChannelWithMembers) {
  RawClient member(broker.socket(), "feed");
  member.ask(Open{"orders", Role::subscriber}).as<Opened>();
  EXPECT_THAT(refusal(R"({"channels": [{"name": "quotes", "capacity": "64KiB"}]})"),
              StartsWith("channel \"orders\": no longer configured, and it has members: \"feed\""));
}

TEST_F(ReloadTest, TakesAMemberThatHasLeftForNone) {
  {
    Bus bus = broker.connect("feed");
    auto publisher = bus.publisher("quotes");
  }
  EXPECT_THAT(reload(R"({"channels": [{"name": "orders", "capacity": "64KiB"}]})"),
              ElementsAre("channel \"quotes\": removed"));
}

TEST_F(ReloadTest, TellsAllThatStandsAgainstIt) {
  RawClient member(broker.socket(), "feed");
  member.ask(Open{"quotes", Role::publisher}).as<Opened>();
  const std::string words = refusal(R"({"bus": {"name": "other"}, "channels": []})");
  EXPECT_THAT(words, HasSubstr("bus.name cannot be changed without a restart; channel \"quotes\""));
}

TEST_F(ReloadTest, RefusesAWrongFileWithItsPlace) {
  EXPECT_THAT(refusal("{\n \"chanels\": []}"), HasSubstr("busbard.json:2: /chanels: unknown key"));
  EXPECT_THAT(channels(), ElementsAre("orders", "quotes"));
}

TEST_F(ReloadTest, LeavesNothingBehindWhenMemoryIsNotThere) {
  ASSERT_TRUE(only_these_remain({"quotes", "orders"}));
  const auto before = broker.segments();
  EXPECT_THAT(refusal(R"({"limits": {"memory": "1MiB"}, "channels": [
      {"name": "quotes", "capacity": "64KiB"}, {"name": "orders", "capacity": "64KiB"},
      {"name": "small", "capacity": "64KiB"}, {"name": "large", "capacity": "1MiB"}]})"),
              HasSubstr("limits.memory is 1MiB"));
  EXPECT_EQ(broker.segments(), before);
  EXPECT_THAT(channels(), ElementsAre("orders", "quotes"));
  EXPECT_TRUE(only_these_remain({"quotes", "orders"}));
}

TEST_F(ReloadTest, ChangesLimitsAtOnce) {
  EXPECT_THAT(
      reload(R"({"limits": {"clients": 2, "channels": 3}, "channels": [
      {"name": "quotes", "capacity": "64KiB"}, {"name": "orders", "capacity": "64KiB"}]})"),
      ElementsAre("limits.clients: 1024 -> 2", "limits.channels: 4096 -> 3",
                  "limits.per_user.clients: 256 -> 1", "limits.per_user.channels: 1024 -> 1"));
  const auto report = client.ask(control::Broker{}).as<control::BrokerReport>();
  EXPECT_EQ(report.clients_limit, 2u);
  client.ask(Open{"third", Role::publisher}).as<Opened>();
  EXPECT_THAT(client.ask(Open{"fourth", Role::publisher}).failure().text,
              HasSubstr("the limit of 3 channels is reached"));
}

TEST_F(ReloadTest, BringsTheListsOfTheDefaultsToWhatWasCreatedByThem) {
  const std::string channels = R"("channels": [{"name": "quotes", "capacity": "64KiB"},
                                               {"name": "orders", "capacity": "64KiB"}])";
  reload(R"({"defaults": {"subscribe": {"users": [4711, 4712]}}, )" + channels + "}");
  client.ask(Open{"dynamic", Role::publisher}).as<Opened>();
  EXPECT_THAT(reload(R"({"defaults": {"subscribe": {"users": [4712]}}, )" + channels + "}"),
              ::testing::Contains("channel \"dynamic\": subscribe users 4711, 4712 -> users 4712"));
  EXPECT_EQ(client.ask(control::Show{"dynamic"}).as<control::ChannelShown>().subscribe,
            (control::Access{.users = {4712}}));
}

TEST_F(ReloadTest, TakesNoChannelOverThatAClientMadeForOthers) {
  RawClient squatter(broker.socket(), "squatter");
  squatter.ask(Open{"later", Role::publisher}).as<Opened>();
  squatter.close();
  const std::string later = R"({"channels": [
      {"name": "quotes", "capacity": "64KiB"}, {"name": "orders", "capacity": "64KiB"},
      {"name": "later", "subscribe": {"users": [4711]}}]})";
  EXPECT_THAT(
      refusal(later),
      HasSubstr("channel \"later\": segment named -> sealed (its lists now admit others) is "
                "not possible while it has members: \"squatter\""));
}

TEST_F(ReloadTest, IsNotNeededForAConfiguredChannelThatWasRemoved) {
  client.ask(control::Remove{"quotes", true}).as<control::Done>();
  EXPECT_THAT(channels(), ElementsAre("orders"));
  client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  EXPECT_EQ(show("quotes").capacity, 64u << 10);
}

TEST_F(ReloadTest, ChangesWhoMayUseAChannelOfSealedSegments) {
  const std::string before = R"({"channels": [
      {"name": "quotes", "capacity": "64KiB", "segment": "sealed"},
      {"name": "orders", "capacity": "64KiB"}]})";
  reload(before);
  RawClient member(broker.socket(), "feed");
  member.ask(Open{"quotes", Role::publisher}).as<Opened>();
  EXPECT_THAT(reload(R"({"channels": [
      {"name": "quotes", "capacity": "64KiB", "segment": "sealed", "subscribe": {"users": [4711]}},
      {"name": "orders", "capacity": "64KiB"}]})"),
              ElementsAre("channel \"quotes\": subscribe nobody else -> users 4711"));
  const auto shown = client.ask(control::Show{"quotes"}).as<control::ChannelShown>();
  EXPECT_EQ(shown.subscribe, (control::Access{.users = {4711}}));
  EXPECT_EQ(shown.publishers.size(), 1u);
}

TEST_F(ReloadTest, ComesWithSighupTooAndIsLogged) {
  configure(R"({"log": {"level": "debug"}, "channels": [{"name": "quotes", "capacity": "64KiB"},
                {"name": "orders", "capacity": "64KiB"}, {"name": "more", "capacity": "64KiB"}]})");
  broker.process().kill(SIGHUP);
  EXPECT_TRUE(broker.process().wait_for_stderr("channel \"more\": added"));
  EXPECT_THAT(channels(), ElementsAre("more", "orders", "quotes"));
  configure("nonsense");
  broker.process().kill(SIGHUP);
  EXPECT_TRUE(broker.process().wait_for_stderr("not reloaded, the configuration in force stays: "));
}

TEST_F(ReloadTest, IsDoneForEachWhoAsksAtTheSameTime) {
  RawClient other(broker.socket());
  configure(R"({"channels": []})");
  client.send_request(Reload{});
  other.send_request(Reload{});
  const auto first = client.receive().as<Reloaded>().changes.size();
  const auto second = other.receive().as<Reloaded>().changes.size();
  EXPECT_EQ(first + second, 2u);
  EXPECT_THAT(channels(), IsEmpty());
}

TEST(ReloadWithoutAFile, IsRefusedInWords) {
  TestBroker broker;
  RawClient client(broker.socket());
  EXPECT_THAT(client.ask(Reload{}).failure().text,
              HasSubstr("started without a configuration file"));
}

}  // namespace
}  // namespace busbar::test
