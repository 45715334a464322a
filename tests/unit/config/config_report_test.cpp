#include "config/config_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "config/config_loader.hpp"

namespace busbar::config {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

/// A broker's user that is neither root nor anybody's name.
Machine machine() {
  return {.memory = 8 * kGiB,
          .shared_memory = 4 * kGiB,
          .free_shared_memory = 4 * kGiB,
          .descriptors = 1 << 20,
          .socket = "/run/busbar/control.sock",
          .user = 4'000'000'000u,
          .group = 4'000'000'001u};
}

ConfigReport report(const std::string& text, const Machine& on = machine()) {
  return config_report("busbar.json", parse_config(text, "busbar.json"), on);
}

TEST(ConfigReport, HasNothingToSayAgainstTheDefaults) {
  const ConfigReport report = config_report("", {}, machine());
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_THAT(report.warnings, IsEmpty());
  EXPECT_EQ(report.socket, "/run/busbar/control.sock");
  EXPECT_EQ(report.memory_limit, 2 * kGiB);
}

TEST(ConfigReport, SaysWhatAQuarterComesTo) {
  const UserShare share = report(R"({"limits": {"memory": "1GiB", "clients": 3}})").share;
  EXPECT_EQ(share, (UserShare{.memory = kGiB / 4, .clients = 1, .channels = 1024}));
}

TEST(ConfigReport, WarnsOfAShareThatIsMoreThanTheWhole) {
  const std::string text = R"({"limits": {"per_user": {"memory": "3GiB"}}})";
  EXPECT_THAT(report(text).warnings, ElementsAre(HasSubstr("limits.per_user.memory (3GiB)")));
  Machine large = machine();
  large.shared_memory = 8 * kGiB;
  EXPECT_THAT(report(text, large).warnings, IsEmpty());
}

TEST(ConfigReport, ResolvesEveryChannelAndAddsTheirMemoryUp) {
  const ConfigReport of = report(
      R"({"defaults": {"max_publishers": 3},
          "channels": [{"name": "a", "capacity": "60KiB"},
                       {"name": "b", "capacity": "1MiB", "subscribe": {"users": [7]}}]})");
  ASSERT_EQ(of.channels.size(), 2u);
  EXPECT_EQ(of.channels[0].plan.ring.capacity, 65536u);
  EXPECT_EQ(of.channels[0].capacity_asked, 61440u);
  EXPECT_EQ(of.channels[0].plan.ring.max_publishers, 3u);
  EXPECT_GT(of.channels[0].memory, 65536u);
  EXPECT_EQ(of.channels_memory, of.channels[0].memory + of.channels[1].memory);
  EXPECT_EQ(of.named_memory, of.channels[0].memory);
}

TEST(ConfigReport, RefusesChannelsThatTakeMoreThanTheLimit) {
  EXPECT_THAT(report(R"({"limits": {"memory": "1MiB"}, "channels": [{"name": "a"}]})").errors,
              ElementsAre(AllOf(HasSubstr("take 4MiB"), HasSubstr("limits.memory (1MiB)"))));
}

TEST(ConfigReport, RefusesChannelsThatTakeMoreThanTheMachineHas) {
  EXPECT_THAT(report(R"({"limits": {"memory": "1TiB"},
                         "channels": [{"name": "a", "capacity": "16GiB"}]})")
                  .errors,
              ElementsAre(HasSubstr("this machine has 8GiB")));
  EXPECT_THAT(report(R"({"limits": {"memory": "8GiB"},
                         "channels": [{"name": "a", "capacity": "4GiB"}]})")
                  .errors,
              ElementsAre(HasSubstr("of /dev/shm, which has 4GiB")));
}

TEST(ConfigReport, DoesNotCountSealedChannelsAgainstSharedMemory) {
  const ConfigReport of = report(R"({"limits": {"memory": "8GiB"}, "channels":
      [{"name": "a", "capacity": "4GiB", "segment": "sealed"}]})");
  EXPECT_THAT(of.errors, IsEmpty());
  EXPECT_EQ(of.named_memory, 0u);
}

TEST(ConfigReport, WarnsOfChannelsThatDoNotFitNow) {
  Machine full = machine();
  full.free_shared_memory = 1 << 20;
  EXPECT_THAT(report(R"({"channels": [{"name": "a"}]})", full).warnings,
              ElementsAre(HasSubstr("1MiB are free now")));
}

TEST(ConfigReport, WarnsOfALimitBeyondTheMachine) {
  EXPECT_THAT(report(R"({"limits": {"memory": "9GiB"}})").warnings,
              ElementsAre(HasSubstr("limits.memory (9GiB) is more than this machine has (8GiB)")));
}

TEST(ConfigReport, WarnsOfListsForWhoCannotConnect) {
  EXPECT_THAT(report(R"({"bus": {"socket_mode": "0600"}, "admin": {"groups": [7]}})").warnings,
              ElementsAre(HasSubstr("the socket's mode lets none of them connect")));
  EXPECT_THAT(report(R"({"admin": {"users": [7]}})").warnings,
              ElementsAre(HasSubstr("is in a list, but cannot connect")));
  EXPECT_THAT(report(R"({"bus": {"socket_mode": "0666"}, "admin": {"users": [7]}})").warnings,
              IsEmpty());
}

TEST(ConfigReport, KnowsWhoIsInTheSocketsGroup) {
  EXPECT_THAT(
      report(R"({"bus": {"socket_group": "daemon"}, "admin": {"users": ["daemon"]}})").warnings,
      IsEmpty());
  EXPECT_THAT(
      report(R"({"bus": {"socket_group": "bin"}, "admin": {"users": ["daemon"]}})").warnings,
      ElementsAre(HasSubstr("members of the group \"bin\"")));
}

TEST(ConfigReport, WarnsOfLimitsThatNeedMoreDescriptorsThanThereMayBe) {
  Machine small = machine();
  small.descriptors = 1000;
  EXPECT_THAT(report("{}", small).warnings,
              ElementsAre(AllOf(HasSubstr("need 18464 descriptors, and 1000 may be open"),
                                HasSubstr("LimitNOFILE=18464"))));
}

TEST(ConfigReportText, HasALineForEachChannelAndWhoMayUseIt) {
  const std::string text = config_report_text(
      report(R"({"dynamic_channels": false, "channels": [{"name": "quotes", "capacity": "60MiB",
                 "publish": {"users": ["root", 7777777]}, "subscribe": {"users": ["*"]}}]})"));
  EXPECT_THAT(text, ContainsRegex("\nquotes +64MiB +16MiB +block, 1s +1 +64 +8 +[a-z]+ +64MiB\n"));
  EXPECT_THAT(text,
              ContainsRegex("\nquotes +sealed, for several users +users root \\(0\\), 7777777 +"
                            "everybody\n"));
  EXPECT_THAT(text, HasSubstr("quotes: capacity 60MiB is rounded up to 64MiB\n"));
  EXPECT_THAT(text,
              ContainsRegex("\nsocket +/run/busbar/control.sock, mode 0660, group 4000000001\n"));
  EXPECT_THAT(text, Not(HasSubstr("(any other)")));
}

TEST(ConfigReportText, SaysWhatMemoryIsAskedForBelowTheTableAlsoByDefault) {
  const std::string text =
      config_report_text(report(R"({"defaults": {"numa_node": 7, "lock_memory": true},
                 "channels": [{"name": "a", "lock_memory": false}]})"));
  EXPECT_THAT(text, HasSubstr("\n\na: memory, as far as the system grants it: on NUMA node 7\n"));
  EXPECT_THAT(text, HasSubstr("\n(any other): memory, as far as the system grants it: on NUMA node "
                              "7, locked\n\n"));
}

TEST(ConfigReportText, EndsWithWhatIsWrong) {
  const std::string text =
      config_report_text(report(R"({"limits": {"memory": "1MiB"}, "channels": [{"name": "a"}]})"));
  EXPECT_THAT(text, ContainsRegex("\n\nerror: [^\n]+\n$"));
}

TEST(ConfigReportJson, SaysTheSame) {
  const auto json = nlohmann::json::parse(config_report_json(
      report(R"({"limits": {"memory": "1MiB"}, "channels": [{"name": "a", "max_publishers": 2,
                 "publish": {"users": ["root"]}}]})")));
  EXPECT_EQ(json["limits"]["per_user"]["memory"], 1u << 18);
  EXPECT_EQ(json["channels"][0]["name"], "a");
  EXPECT_EQ(json["channels"][0]["max_publishers"], 2);
  EXPECT_EQ(json["channels"][0]["publish"]["users"][0]["name"], "root");
  EXPECT_EQ(json["errors"].size(), 1u);
  EXPECT_EQ(json["machine"]["memory"], 8 * kGiB);
}

TEST(ConfigReportJson, HasNullForWhatCannotBeTold) {
  const auto json = nlohmann::json::parse(config_report_json(report("{}", {})));
  EXPECT_TRUE(json["machine"]["memory"].is_null());
}

}  // namespace
}  // namespace busbar::config
