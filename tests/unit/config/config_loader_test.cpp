#include "config/config_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.hpp"
#include "config/config_node.hpp"

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
  EXPECT_EQ(config.socket_mode, 0660u);
  EXPECT_FALSE(config.socket_group);
  EXPECT_EQ(config.admin, control::Access());
  EXPECT_EQ(config.limits.clients, 1024u);
  EXPECT_TRUE(config.dynamic_channels);
}

TEST(ConfigLoader, ReadsEveryKey) {
  const Config config = parse_config(
      R"({"bus": {"name": "plant", "socket": "/run/plant.sock", "socket_mode": "0640",
                  "socket_group": 7},
          "admin": {"users": [0, 1000], "groups": [4]},
          "defaults": {"capacity": "1MiB", "max_message": 1000, "when_full": "drop_newest",
                       "block_timeout": "250ms", "max_publishers": 2, "max_subscribers": 3,
                       "alignment": 64, "segment": "sealed", "fences": "full",
                       "huge_pages": "try", "numa_node": 3, "lock_memory": true,
                       "publish": {"users": ["*"]}, "subscribe": {"groups": [8]}},
          "limits": {"memory": "1GiB", "clients": 5, "channels": 6,
                     "per_user": {"memory": "1MiB", "clients": 2, "channels": 3}},
          "dynamic_channels": false,
          "channels": [{"name": "quotes", "capacity": "64KiB"}],
          "log": {"level": "debug", "target": "journal"}})",
      "busbar.json");
  EXPECT_EQ(config.bus, "plant");
  EXPECT_EQ(config.socket, "/run/plant.sock");
  EXPECT_EQ(config.socket_mode, 0640u);
  EXPECT_EQ(config.socket_group, 7u);
  EXPECT_EQ(config.admin, (control::Access{.users = {0, 1000}, .groups = {4}}));
  EXPECT_EQ(config.defaults.segment, "sealed");
  EXPECT_EQ(config.defaults.publish, control::Access{.everybody = true});
  EXPECT_EQ(config.defaults.subscribe, control::Access{.groups = {8}});
  EXPECT_EQ(config.limits.per_user.memory, 1u << 20);
  EXPECT_EQ(config.limits.per_user.clients, 2u);
  EXPECT_EQ(config.limits.per_user.channels, 3u);
  EXPECT_EQ(config.log_target, "journal");
  EXPECT_EQ(config.defaults.capacity, 1u << 20);
  EXPECT_EQ(config.defaults.max_message, 1000u);
  EXPECT_EQ(config.defaults.when_full, "drop_newest");
  EXPECT_EQ(config.defaults.block_timeout_ns, 250'000'000u);
  EXPECT_EQ(config.defaults.max_publishers, 2u);
  EXPECT_EQ(config.defaults.max_subscribers, 3u);
  EXPECT_EQ(config.defaults.alignment, 64u);
  EXPECT_EQ(config.defaults.fences, "full");
  EXPECT_EQ(config.defaults.huge_pages, "try");
  EXPECT_EQ(config.defaults.numa_node, 3u);
  EXPECT_EQ(config.defaults.lock_memory, true);
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
  EXPECT_THAT(refusal("{\"log\": {\"colourful\": 1}}"),
              HasSubstr("unknown key (known: \"level\", \"target\")"));
}

TEST(ConfigLoader, RefusesAChannelTwiceNamingBothLines) {
  EXPECT_EQ(refusal("{\"channels\": [{\"name\": \"a\"},\n{\"name\": \"a\"}]}"),
            "busbar.json:2: /channels/1/name: the channel \"a\" occurs twice, first in line 1; "
            "rename or remove one of them");
}

TEST(ConfigLoader, RefusesAChannelWithoutAName) {
  EXPECT_THAT(refusal("{\"channels\": [{}]}"), HasSubstr("\"name\" is missing"));
}

TEST(ConfigLoader, RefusesAKeyTwiceNamingBothLines) {
  EXPECT_EQ(refusal("{\"log\": {},\n \"log\": {}}"),
            "busbar.json:2: /log: the key \"log\" occurs twice in one object, first in line 1; "
            "keep one of them");
}

TEST(ConfigLoader, SaysInWhichLineAnUnknownKeyIsNotItsValue) {
  EXPECT_THAT(refusal("{\"log\": {\n\"leval\":\n\n\"info\"}}"),
              StartsWith("busbar.json:2: /log/leval: unknown key, did you mean \"level\"?"));
}

TEST(ConfigLoader, RefusesValuesThatDoNotFitTogetherAtTheValue) {
  EXPECT_THAT(refusal("{\"channels\": [{\"name\": \"a\",\n \"max_message\": \"64KiB\"}],\n"
                      "\"defaults\": {\"capacity\": \"64KiB\"}}"),
              StartsWith("busbar.json:2: /channels/0/max_message: channel \"a\": max_message 64KiB "
                         "is out of range"));
  EXPECT_THAT(refusal(R"({"defaults": {"capacity": "512GiB"}})"),
              StartsWith("busbar.json:1: /defaults/capacity: capacity 512GiB is out of range"));
}

TEST(ConfigLoader, SuggestsTheNearestWord) {
  EXPECT_THAT(refusal(R"({"log": {"level": "wran"}})"), HasSubstr("did you mean \"warn\"?"));
}

TEST(ConfigLoader, RefusesAReservedChannelName) {
  EXPECT_THAT(refusal(R"({"channels": [{"name": "busbar.x"}]})"),
              HasSubstr("/channels/0/name: found \"busbar.x\", expected another name"));
}

TEST(ConfigLoader, RefusesMoreChannelsThanTheLimitAllows) {
  EXPECT_THAT(refusal(R"({"channels": [{"name": "a"}, {"name": "b"}], "limits": {"channels": 1}})"),
              HasSubstr("/channels: found 2 channels, which is more than limits.channels (1)"));
}

TEST(ConfigLoader, RefusesAUsersPartThatIsMoreThanTheWhole) {
  EXPECT_THAT(refusal(R"({"limits": {"per_user": {"clients": 6}, "clients": 5}})"),
              HasSubstr("/limits/per_user/clients: found 6, expected at most limits.clients"));
  EXPECT_THAT(refusal(R"({"limits": {"per_user": {"channels": 4097}}})"),
              HasSubstr("expected at most limits.channels, which is 4096"));
  EXPECT_THAT(refusal(R"({"limits": {"memory": "1GiB", "per_user": {"memory": "2GiB"}}})"),
              HasSubstr("found \"2GiB\", expected at most limits.memory, which is 1GiB"));
}

TEST(ConfigLoader, RefusesNumbersThatAreNoWholeOnes) {
  for (const std::string number : {"-1", "-0", "1.5", "1e2", "18446744073709551616", "1E400"}) {
    EXPECT_THAT(refusal("{\"limits\": {\"clients\": " + number + "}}"),
                StartsWith("busbar.json:1: /limits/clients: "))
        << number;
  }
}

TEST(ConfigLoader, RefusesSizesAndTimesThatAreNone) {
  for (const std::string size :
       {"-1", "1.5", "9223372036854775808", "\"99999999999GiB\"", "\"1gib\"", "\"\"", "\"0x10\"",
        "\" 1\"", "\"1KiB \"", "\"1e3\""}) {
    EXPECT_THAT(refusal("{\"limits\": {\"memory\": " + size + "}}"),
                HasSubstr("expected a size such as \"64MiB\""))
        << size;
  }
  for (const std::string time : {"5", "\"5\"", "\"1e3s\"", "\"-1s\"", "\"1 minute\"", "\"\""}) {
    EXPECT_THAT(refusal("{\"defaults\": {\"block_timeout\": " + time + "}}"),
                HasSubstr("expected a time such as \"250ms\""))
        << time;
  }
}

TEST(ConfigLoader, RefusesPathsThatNoSocketCanHave) {
  EXPECT_THAT(refusal("{\"bus\": {\"socket\": \"/" + std::string(107, 'a') + "\"}}"),
              HasSubstr("a path of 107 bytes at most"));
  EXPECT_THAT(refusal(R"({"bus": {"socket": "/run/a\u0000b"}})"), HasSubstr("absolute path"));
  EXPECT_THAT(refusal(R"({"bus": {"socket": "/run/"}})"), HasSubstr("absolute path"));
}

TEST(ConfigLoader, RefusesWrongTypes) {
  EXPECT_THAT(refusal("[]"), HasSubstr("found a list, expected an object"));
  EXPECT_THAT(refusal(R"({"dynamic_channels": 1})"), HasSubstr("expected true or false"));
  EXPECT_THAT(refusal(R"({"channels": {}})"), HasSubstr("expected a list"));
  EXPECT_THAT(refusal(R"({"bus": {"name": null}})"), HasSubstr("found null, expected a string"));
  EXPECT_THAT(refusal(R"({"bus": {"socket_mode": "0999"}})"), HasSubstr("octal"));
  EXPECT_THAT(refusal(R"({"bus": {"socket": "relative"}})"), HasSubstr("absolute path"));
}

TEST(ConfigLoader, SaysWhatIsNoJsonAndInWhichValue) {
  EXPECT_EQ(refusal("{\n\n\"bus\": }"),
            "busbar.json:3: /bus: no valid JSON: unexpected '}'; expected '[', '{', or a literal, "
            "near \"\\\"bus\\\": }\"");
  EXPECT_THAT(refusal("{\"bus\": {\n\"name\": \"a\"\n\"socket\": 1}}"),
              StartsWith("busbar.json:3: /bus: no valid JSON: unexpected string literal"));
  EXPECT_THAT(refusal("{\"channels\": [{\"name\": \"a\"},\n{\"name\": tru"),
              StartsWith("busbar.json:2: /channels/1/name: no valid JSON: invalid literal"));
  EXPECT_THAT(refusal(""), StartsWith("busbar.json:1: /: no valid JSON: unexpected end of input"));
  EXPECT_THAT(refusal("{}\n{}"), StartsWith("busbar.json:2: /: no valid JSON"));
  EXPECT_THAT(
      refusal("{\"bus\": {\"name\": \"\xff\"}}"),
      StartsWith("busbar.json:1: /bus/name: no valid JSON: invalid string: ill-formed UTF-8"));
}

TEST(ConfigLoader, SaysWhereTheNestingGetsTooDeep) {
  EXPECT_THAT(refusal("{\"log\":\n" + std::string(100000, '[')),
              StartsWith("busbar.json:2: /log/0/0/0/0/0/0/0/0/0/0/0/0/0/0: nested too deep"));
}

TEST(ConfigLoader, RefusesANulByteEvenBehindTheEnd) {
  using namespace std::string_literals;
  EXPECT_THAT(refusal("{}\n\0{"s), StartsWith("busbar.json:2: /: found a NUL byte"));
  EXPECT_THAT(refusal("{\"log\": // \0\n{}}"s),
              StartsWith("busbar.json:1: /log: found a NUL byte"));
  EXPECT_THAT(refusal("{\"bus\": {\"name\": \"a\0b\"}}"s),
              StartsWith("busbar.json:1: /bus/name: found a NUL byte"));
}

TEST(ConfigLoader, TakesAByteOrderMarkAndLineEndsOfOtherSystems) {
  EXPECT_EQ(parse_config("\xef\xbb\xbf{\r\n// one\r\n\"bus\": {\"name\": \"b\"}}\r\n", "f").bus,
            "b");
  EXPECT_THAT(refusal("{\r\n\r\n\"log\": 1}"), StartsWith("busbar.json:3: /log: "));
}

TEST(ConfigLoader, ShowsKeysSoThatNoTerminalObeysThem) {
  EXPECT_THAT(refusal(R"({"a\u001b[31m\nb/c~d": 1})"),
              StartsWith("busbar.json:1: /a\\x1b[31m\\x0ab~1c~0d: unknown key"));
  EXPECT_LT(refusal("{\"" + std::string(100000, 'k') + "\": 1}").size(), 500u);
  EXPECT_LT(refusal("{\"log\": " + std::string(100000, '9') + "}").size(), 500u);
}

TEST(ConfigLoader, TakesNoWordsOfTheTextForTheParsers) {
  EXPECT_EQ(
      refusal("{\"'; expected \x7f\n"),
      "busbar.json:1: /: no valid JSON: invalid string: control character U+000A (LF) must be "
      "escaped to \\u000A or \\n; expected string literal, near \"\\\"'; expected \\x7f<U+000A>\"");
}

TEST(ConfigLoader, ReadsAMebibyteAtMost) {
  const std::string comment = "{} //" + std::string(kLargestConfig - 5, '.');
  EXPECT_NO_THROW(parse_config(comment, "f"));
  EXPECT_THAT(refusal(comment + "."),
              StartsWith("busbar.json:1: /: the file has more than 1MiB, which is the most"));
}

TEST(ConfigLoader, IsDoneWithAMebibyteOfKeysInNoTime) {
  std::string text = "{";
  while (text.size() < kLargestConfig - 20) text += "\"" + std::to_string(text.size()) + "\":1,\n";
  EXPECT_THAT(refusal(text + "\"x\":1}"), HasSubstr("unknown key"));
}

}  // namespace
}  // namespace busbar::config
