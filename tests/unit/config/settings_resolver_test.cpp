#include "config/settings_resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.hpp"

namespace busbar::config {
namespace {

using control::ChannelSettings;
using ::testing::HasSubstr;

ring::Settings resolve(const ChannelSettings& given, const ChannelSettings& defaults = {}) {
  return SettingsResolver(defaults).resolve("quotes", given).ring;
}

ChannelPlan plan(const ChannelSettings& given, const ChannelSettings& defaults = {}) {
  constexpr std::uint32_t kBroker = 990;
  return SettingsResolver(defaults, kBroker).resolve("quotes", given);
}

std::string refusal(const ChannelSettings& given) {
  try {
    resolve(given);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("channel \"quotes\": "));
    return error.what();
  }
}

TEST(SettingsResolver, HasBuiltInDefaults) {
  const ring::Settings settings = resolve({});
  EXPECT_EQ(settings.name, "quotes");
  EXPECT_EQ(settings.capacity, 4u << 20);
  EXPECT_EQ(settings.max_message, 1u << 20);
  EXPECT_EQ(settings.block_timeout_ns, 1'000'000'000u);
  EXPECT_EQ(settings.max_publishers, 1u);
  EXPECT_EQ(settings.max_subscribers, 64u);
  EXPECT_EQ(settings.alignment, 8u);
  EXPECT_EQ(settings.when_full, layout::WhenFull::block);
}

TEST(SettingsResolver, PrefersWhatIsGivenToTheDefaults) {
  const ring::Settings settings =
      resolve({.capacity = 8192}, {.capacity = 65536, .max_publishers = 4});
  EXPECT_EQ(settings.capacity, 8192u);
  EXPECT_EQ(settings.max_publishers, 4u);
}

TEST(SettingsResolver, RoundsTheCapacityUpToAPowerOfTwo) {
  EXPECT_EQ(resolve({.capacity = 1}).capacity, 4096u);
  EXPECT_EQ(resolve({.capacity = 4097}).capacity, 8192u);
  EXPECT_EQ(resolve({.capacity = layout::kMaxCapacity}).capacity, layout::kMaxCapacity);
}

TEST(SettingsResolver, RefusesACapacityBeyondTheLimitNamingIt) {
  EXPECT_THAT(refusal({.capacity = layout::kMaxCapacity + 1}), HasSubstr("4KiB to 256GiB"));
  EXPECT_THAT(refusal({.capacity = 0}), HasSubstr("capacity 0"));
}

TEST(SettingsResolver, AllowsMessagesOfAlmostHalfTheCapacity) {
  EXPECT_EQ(resolve({.capacity = 4096, .max_message = 1984}).max_message, 1984u);
  EXPECT_THAT(refusal({.capacity = 4096, .max_message = 1985}), HasSubstr("1 to 1984"));
  EXPECT_THAT(refusal({.max_message = 0}), HasSubstr("max_message 0"));
}

TEST(SettingsResolver, ShrinksADefaultMaxMessageToASmallerChannel) {
  EXPECT_EQ(resolve({.capacity = 4096}, {.max_message = 1 << 20}).max_message, 1984u);
}

TEST(SettingsResolver, RefusesAnAlignmentThatIsNoPowerOfTwoOrTooLargeForTheRing) {
  EXPECT_THAT(refusal({.alignment = 24}), HasSubstr("power of two"));
  EXPECT_THAT(refusal({.alignment = 4}), HasSubstr("from 8"));
  EXPECT_THAT(refusal({.capacity = 4096, .alignment = 1024}), HasSubstr("from 8 to 512"));
  EXPECT_EQ(resolve({.capacity = 32768, .alignment = 4096}).alignment, 4096u);
}

TEST(SettingsResolver, RefusesCountsOutOfRangeNamingTheRange) {
  EXPECT_THAT(refusal({.max_publishers = 65}), HasSubstr("1 to 64"));
  EXPECT_THAT(refusal({.max_publishers = 0}), HasSubstr("1 to 64"));
  EXPECT_THAT(refusal({.max_subscribers = 257}), HasSubstr("1 to 256"));
}

TEST(SettingsResolver, RefusesUnknownWordsQuotingThem) {
  EXPECT_THAT(refusal({.when_full = "evict\n"}),
              HasSubstr("\"evict\\x0a\" is unknown; give \"block\", \"drop_newest\" or \"evict\""));
  EXPECT_THAT(refusal({.segment = "heap"}), HasSubstr("\"heap\""));
  EXPECT_THAT(refusal({.fences = "none"}), HasSubstr("\"none\""));
}

TEST(SettingsResolver, KnowsEveryPolicyForAFullRing) {
  EXPECT_EQ(resolve({.when_full = "block"}).when_full, layout::WhenFull::block);
  EXPECT_EQ(resolve({.when_full = "drop_newest"}).when_full, layout::WhenFull::drop_newest);
  EXPECT_EQ(resolve({.when_full = "evict"}).when_full, layout::WhenFull::evict);
}

TEST(SettingsResolver, RefusesABlockTimeoutBeyondADay) {
  EXPECT_THAT(refusal({.block_timeout_ns = ~0ull}), HasSubstr("0 to 24h"));
}

TEST(SettingsResolver, TakesTheFullFenceRuleWhereItIsAskedFor) {
  EXPECT_EQ(resolve({.fences = "full"}).fence_rule, layout::FenceRule::full);
}

TEST(SettingsResolver, AsksNothingOfTheMemoryUnlessTold) {
  EXPECT_EQ(plan({}).memory, shm::MemoryOptions());
  EXPECT_EQ(plan({.huge_pages = "off", .lock_memory = false}).memory, shm::MemoryOptions());
}

TEST(SettingsResolver, TakesOverWhatIsAskedOfTheMemory) {
  const shm::MemoryOptions all{.huge_pages = true, .numa_node = 2, .lock = true};
  EXPECT_EQ(plan({.huge_pages = "try", .numa_node = 2, .lock_memory = true}).memory, all);
  EXPECT_EQ(plan({}, {.huge_pages = "try", .numa_node = 2, .lock_memory = true}).memory, all);
  EXPECT_EQ(plan({.numa_node = 0}, {.numa_node = 2}).memory.numa_node, 0u);
}

TEST(SettingsResolver, RefusesWhatCannotBeAskedOfTheMemory) {
  EXPECT_THAT(refusal({.huge_pages = "yes"}), HasSubstr("give \"off\" or \"try\""));
  EXPECT_THAT(refusal({.numa_node = 1024}), HasSubstr("numa_node 1024 is out of range"));
}

TEST(SettingsResolver, RefusesAnInvalidName) {
  EXPECT_THROW(SettingsResolver({}).resolve("a/b", {}), Error);
}

TEST(SettingsDifference, IsEmptyForTheSameSettings) {
  EXPECT_EQ(difference(plan({}), plan({.capacity = 4 << 20})), "");
}

TEST(SettingsDifference, NamesEachSettingWithBothValues) {
  EXPECT_EQ(difference(plan({.max_message = 64, .max_publishers = 2}),
                       plan({.max_message = 128, .when_full = "drop_newest"})),
            "max_message is 64, not 128; when_full is block, not drop_newest; max_publishers is 2, "
            "not 1");
}

TEST(SettingsDifference, NamesEveryPolicyForAFullRing) {
  EXPECT_EQ(difference(plan({.when_full = "drop_newest"}), plan({.when_full = "evict"})),
            "when_full is drop_newest, not evict");
}

TEST(SettingsResolver, SealsWhatOthersThanTheBrokersUserMayUse) {
  EXPECT_EQ(plan({}).backing, shm::Backing::named);
  EXPECT_EQ(plan({.publish = control::Access{.users = {990, 0}}}).backing, shm::Backing::named);
  EXPECT_EQ(plan({.publish = control::Access{.users = {990, 1001}}}).backing, shm::Backing::sealed);
  EXPECT_EQ(plan({.subscribe = control::Access{.groups = {990}}}).backing, shm::Backing::sealed);
  EXPECT_EQ(plan({.subscribe = control::Access{.everybody = true}}).backing, shm::Backing::sealed);
}

TEST(SettingsResolver, TakesTheSegmentThatIsAskedFor) {
  EXPECT_EQ(plan({.segment = "sealed"}).backing, shm::Backing::sealed);
  EXPECT_THAT(refusal({.segment = "paper"}), HasSubstr("\"auto\", \"named\" or \"sealed\""));
}

TEST(SettingsResolver, RefusesANamedSegmentForOthers) {
  EXPECT_THAT(refusal({.segment = "named", .publish = control::Access{.everybody = true}}),
              HasSubstr("\"named\" is for the broker's own user alone"));
  EXPECT_THAT(refusal({.segment = "named", .subscribe = control::Access{.groups = {100}}}),
              HasSubstr("give \"sealed\" or \"auto\""));
}

TEST(SettingsResolver, TakesTheListsOfTheDefaults) {
  const ChannelSettings defaults{.publish = control::Access{.users = {1001}},
                                 .subscribe = control::Access{.groups = {100}}};
  const ChannelPlan made = plan({.publish = control::Access{.users = {1002}}}, defaults);
  EXPECT_EQ(made.publish, (control::Access{.users = {1002}}));
  EXPECT_EQ(made.subscribe, (control::Access{.groups = {100}}));
}

TEST(SettingsResolver, RefusesListsOfMoreThan64) {
  control::Access many;
  many.users.resize(65);
  EXPECT_THAT(refusal({.publish = many}), HasSubstr("a list of 65 entries; give at most 64"));
}

TEST(SettingsResolver, TellsListsFromWhatCannotBeChanged) {
  const ChannelPlan before = plan({.segment = "sealed"});
  const ChannelPlan after =
      plan({.segment = "sealed", .publish = control::Access{.users = {1001}, .groups = {5}}});
  EXPECT_EQ(fixed_change(before, after), "");
  EXPECT_EQ(access_change(before, after), "publish nobody else -> users 1001; groups 5");
  EXPECT_EQ(difference(before, after), "publish is nobody else, not users 1001; groups 5");
}

}  // namespace
}  // namespace busbar::config
