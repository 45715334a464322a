#include "config/config_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.hpp"

namespace busbar::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::string& text) {
  try {
    parse_config(text, "busbar.json");
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::invalid_argument);
    return error.what();
  }
}

TEST(ConfigLoader, TakesTheDefaultsForAnEmptyObject) {
  const Config config = parse_config("{}", "busbar.json");
  EXPECT_EQ(config.bus, "default");
  EXPECT_EQ(config.socket_mode, 0600u);
  EXPECT_EQ(config.limits.clients, 1024u);
  EXPECT_TRUE(config.dynamic_channels);
}

TEST(ConfigLoader, ReadsEveryKey) {
  const Config config = parse_config(
      R"({"bus": {"name": "plant", "socket": "/run/plant.sock", "socket_mode": "0660"},
          "defaults": {"capacity": "1MiB", "max_message": 1000, "when_full": "drop_newest",
                       "block_timeout": "250ms", "max_publishers": 2, "max_subscribers": 3,
                       "alignment": 64, "fences": "full"},
          "limits": {"memory": "1GiB", "clients": 5, "channels": 6},
          "dynamic_channels": false,
          "channels": [{"name": "quotes", "capacity": "64KiB"}],
          "log": {"level": "debug"}})",
      "busbar.json");
  EXPECT_EQ(config.bus, "plant");
  EXPECT_EQ(config.socket, "/run/plant.sock");
  EXPECT_EQ(config.socket_mode, 0660u);
  EXPECT_EQ(config.defaults.capacity, 1u << 20);
  EXPECT_EQ(config.defaults.max_message, 1000u);
  EXPECT_EQ(config.defaults.when_full, "drop_newest");
  EXPECT_EQ(config.defaults.block_timeout_ns, 250'000'000u);
  EXPECT_EQ(config.defaults.max_publishers, 2u);
  EXPECT_EQ(config.defaults.max_subscribers, 3u);
  EXPECT_EQ(config.defaults.alignment, 64u);
  EXPECT_EQ(config.defaults.fences, "full");
  EXPECT_EQ(config.limits.memory, 1u << 30);
  EXPECT_EQ(config.limits.clients, 5u);
  EXPECT_EQ(config.limits.channels, 6u);
  EXPECT_FALSE(config.dynamic_channels);
  ASSERT_EQ(config.channels.size(), 1u);
  EXPECT_EQ(config.channels[0].name, "quotes");
  EXPECT_EQ(config.channels[0].settings.capacity, 65536u);
  EXPECT_EQ(config.log_level, "debug");
}

TEST(ConfigLoader, KnowsEveryPolicyForAFullRing) {
  for (const std::string policy : {"block", "drop_newest", "evict"}) {
    const std::string text = "{\"defaults\": {\"when_full\": \"" + policy + "\"}}";
    EXPECT_EQ(parse_config(text, "busbar.json").defaults.when_full, policy);
  }
  EXPECT_THAT(refusal(R"({"defaults": {"when_full": "evicted"}})"),
              HasSubstr("one of \"block\", \"drop_newest\", \"evict\""));
}

TEST(ConfigLoader, AllowsComments) {
  EXPECT_EQ(parse_config("{ // one\n /* two */ \"bus\": {\"name\": \"b\"} }", "f").bus, "b");
}

TEST(ConfigLoader, SaysWhereABadUnitIs) {
  EXPECT_EQ(refusal("{\"channels\": [\n{\"name\": \"a\"},\n{\"name\": \"b\"},\n"
                    "{\"name\": \"c\",\n \"capacity\": \"64MB!\"}]}"),
            "busbar.json:5: /channels/2/capacity: found \"64MB!\", expected a size such as "
            "\"64MiB\"");
}

TEST(ConfigLoader, SaysWhereANumberAtTheEndOfALineIs) {
  EXPECT_THAT(refusal("{\"limits\": {\n\"clients\": 0\n}}"),
              StartsWith("busbar.json:2: /limits/clients: found 0, expected"));
}

TEST(ConfigLoader, SuggestsTheNearestKey) {
  EXPECT_THAT(refusal("{\"chanels\": []}"),
              AllOf(HasSubstr("/chanels: unknown key"), HasSubstr("\"channels\"")));
}

TEST(ConfigLoader, ListsTheKeysWhenNoneIsNear) {
  EXPECT_THAT(refusal("{\"log\": {\"colourful\": 1}}"), HasSubstr("(known: \"level\")"));
}

TEST(ConfigLoader, RefusesAChannelTwice) {
  EXPECT_THAT(refusal("{\"channels\": [{\"name\": \"a\"},\n{\"name\": \"a\"}]}"),
              StartsWith("busbar.json:2: /channels/1: the channel \"a\" occurs twice"));
}

TEST(ConfigLoader, RefusesAChannelWithoutAName) {
  EXPECT_THAT(refusal("{\"channels\": [{}]}"), HasSubstr("\"name\" is missing"));
}

TEST(ConfigLoader, RefusesAKeyTwice) {
  EXPECT_THAT(refusal("{\"log\": {},\n \"log\": {}}"),
              StartsWith("busbar.json:2: the key \"log\""));
}

TEST(ConfigLoader, RefusesValuesThatDoNotFitTogether) {
  EXPECT_THAT(refusal(R"({"channels": [{"name": "a", "max_message": "64KiB"}],
                          "defaults": {"capacity": "64KiB"}})"),
              HasSubstr("/channels/0: channel \"a\": max_message 64KiB is out of range"));
}

TEST(ConfigLoader, RefusesWrongTypes) {
  EXPECT_THAT(refusal("[]"), HasSubstr("found a list, expected an object"));
  EXPECT_THAT(refusal(R"({"dynamic_channels": 1})"), HasSubstr("expected true or false"));
  EXPECT_THAT(refusal(R"({"channels": {}})"), HasSubstr("expected a list"));
  EXPECT_THAT(refusal(R"({"bus": {"name": null}})"), HasSubstr("found null, expected a string"));
  EXPECT_THAT(refusal(R"({"bus": {"socket_mode": "0999"}})"), HasSubstr("octal"));
  EXPECT_THAT(refusal(R"({"bus": {"socket": "relative"}})"), HasSubstr("absolute path"));
}

TEST(ConfigLoader, RefusesWhatIsNoJson) {
  EXPECT_THAT(refusal("{\n\n\"bus\": }"), StartsWith("busbar.json:3: no valid JSON"));
  EXPECT_NE(refusal(""), "accepted");
  EXPECT_NE(refusal("{} {}"), "accepted");
  EXPECT_NE(refusal(std::string(100000, '[')), "accepted");
}

}  // namespace
}  // namespace busbar::config
