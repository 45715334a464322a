// What happened on channels between two samples.
#include "cli/top/channel_activity.hpp"

#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

using std::chrono_literals::operator""ms;

ChannelInfo channel(const std::string& name, std::uint64_t sequence, std::uint64_t claimed) {
  ChannelInfo info;
  info.name = name;
  info.capacity = 65536;
  info.sequence = sequence;
  info.claimed = claimed;
  return info;
}

BusSample sample(std::chrono::milliseconds at, std::vector<ChannelInfo> channels) {
  BusSample sample;
  sample.at = std::chrono::steady_clock::time_point(at);
  sample.channels = std::move(channels);
  return sample;
}

std::vector<std::string> names(const std::vector<ChannelActivity>& channels) {
  std::vector<std::string> names;
  for (const ChannelActivity& activity : channels) names.push_back(activity.channel.name);
  return names;
}

TEST(ChannelActivity, IsPerSecondWhateverTheIntervalIs) {
  const BusSample before = sample(1000ms, {channel("a", 10, 1000)});
  const BusSample now = sample(1500ms, {channel("a", 110, 9000)});
  const auto activities = activity_since(&before, now);
  ASSERT_EQ(activities.size(), 1u);
  EXPECT_DOUBLE_EQ(activities[0].messages.value(), 200);
  EXPECT_DOUBLE_EQ(activities[0].bytes.value(), 16000);
}

TEST(ChannelActivity, IsUnknownWithOneSample) {
  const auto activities = activity_since(nullptr, sample(0ms, {channel("a", 10, 1000)}));
  ASSERT_EQ(activities.size(), 1u);
  EXPECT_FALSE(activities[0].messages);
  EXPECT_FALSE(activities[0].bytes);
}

TEST(ChannelActivity, IsUnknownWithoutTimeBetweenTheSamples) {
  const BusSample same = sample(5ms, {channel("a", 10, 1000)});
  EXPECT_FALSE(activity_since(&same, same).at(0).messages);
}

TEST(ChannelActivity, OfANewChannelIsAllOfIt) {
  const BusSample before = sample(0ms, {});
  const auto activities = activity_since(&before, sample(1000ms, {channel("a", 7, 700)}));
  EXPECT_DOUBLE_EQ(activities.at(0).messages.value(), 7);
}

TEST(ChannelActivity, OfAChannelThatWasMadeAnewIsNeverNegative) {
  const BusSample before = sample(0ms, {channel("a", 1'000'000, 1 << 30)});
  const auto activities = activity_since(&before, sample(1000ms, {channel("a", 7, 700)}));
  EXPECT_DOUBLE_EQ(activities.at(0).messages.value(), 7);
  EXPECT_DOUBLE_EQ(activities.at(0).bytes.value(), 700);
}

TEST(ChannelActivity, CountsWhatWasDroppedLostAndEvictedSince) {
  ChannelInfo earlier = channel("a", 1, 1);
  earlier.dropped = 5;
  earlier.evicted = 1;
  earlier.load.lost = 100;
  ChannelInfo later = earlier;
  later.dropped = 8;
  later.evicted = 1;
  later.load.lost = 102;
  const BusSample before = sample(0ms, {earlier});
  const auto activity = activity_since(&before, sample(1000ms, {later})).at(0);
  EXPECT_EQ(activity.dropped, 3u);
  EXPECT_EQ(activity.evicted, 0u);
  EXPECT_EQ(activity.lost, 2u);
}

TEST(ChannelActivity, NothingIsLostWhenALossySubscriberLeaves) {
  ChannelInfo earlier = channel("a", 1, 1);
  earlier.load.lost = 100;
  const BusSample before = sample(0ms, {earlier});
  EXPECT_EQ(activity_since(&before, sample(1000ms, {channel("a", 1, 1)})).at(0).lost, 0u);
}

TEST(ChannelActivity, IsSortedBusiestFirstAndByNameWhereEqual) {
  ChannelInfo lagging = channel("c", 10, 50);
  lagging.load.lag_bytes = 50;
  const BusSample before = sample(0ms, {});
  const BusSample now =
      sample(1000ms, {channel("d", 1, 9999), lagging, channel("b", 0, 0), channel("a", 0, 0)});
  auto activities = activity_since(&before, now);
  using Names = std::vector<std::string>;
  sort(activities, SortKey::rate);
  EXPECT_EQ(names(activities), (Names{"c", "d", "a", "b"}));
  sort(activities, SortKey::bytes);
  EXPECT_EQ(names(activities), (Names{"d", "c", "a", "b"}));
  sort(activities, SortKey::lag);
  EXPECT_EQ(names(activities), (Names{"c", "a", "b", "d"}));
  sort(activities, SortKey::name);
  EXPECT_EQ(names(activities), (Names{"a", "b", "c", "d"}));
}

}  // namespace
}  // namespace busbar::cli
