#include "cli/top/channel_activity.hpp"

#include <algorithm>
#include <map>

namespace busbar::cli {
namespace {

/// Counters of members that left go with them: then as little as nothing is known to have come.
std::uint64_t growth(std::uint64_t before, std::uint64_t now) {
  return now > before ? now - before : 0;
}

bool is_same(const ChannelInfo& before, const ChannelInfo& now) {
  return now.sequence >= before.sequence && now.claimed >= before.claimed &&
         now.capacity == before.capacity;
}

ChannelActivity activity_since(const ChannelInfo& before, const ChannelInfo& now, double seconds) {
  ChannelActivity activity{now, {}, {}, 0, 0, 0};
  if (seconds > 0) {
    activity.messages = static_cast<double>(now.sequence - before.sequence) / seconds;
    activity.bytes = static_cast<double>(now.claimed - before.claimed) / seconds;
  }
  activity.dropped = growth(before.dropped, now.dropped);
  activity.evicted = growth(before.evicted, now.evicted);
  activity.lost = growth(before.load.lost, now.load.lost);
  return activity;
}

double sort_value(const ChannelActivity& activity, SortKey key) {
  switch (key) {
    case SortKey::rate:
      return activity.messages.value_or(0);
    case SortKey::bytes:
      return activity.bytes.value_or(0);
    case SortKey::lag:
      return static_cast<double>(activity.channel.load.lag_bytes);
    case SortKey::name:
      return 0;
  }
  return 0;
}

}  // namespace

std::vector<ChannelActivity> activity_since(const BusSample* before, const BusSample& now) {
  std::vector<ChannelActivity> activities;
  if (before == nullptr) {
    for (const ChannelInfo& channel : now.channels) {
      activities.push_back({channel, {}, {}, 0, 0, 0});
    }
    return activities;
  }
  const double seconds = std::chrono::duration<double>(now.at - before->at).count();
  std::map<std::string_view, const ChannelInfo*> earlier;
  for (const ChannelInfo& channel : before->channels) earlier[channel.name] = &channel;
  const ChannelInfo empty;
  for (const ChannelInfo& channel : now.channels) {
    const auto at = earlier.find(channel.name);
    const bool known = at != earlier.end() && is_same(*at->second, channel);
    activities.push_back(activity_since(known ? *at->second : empty, channel, seconds));
  }
  return activities;
}

void sort(std::vector<ChannelActivity>& channels, SortKey key) {
  std::ranges::sort(channels, [key](const ChannelActivity& a, const ChannelActivity& b) {
    const double of_a = sort_value(a, key);
    const double of_b = sort_value(b, key);
    return of_a != of_b ? of_a > of_b : a.channel.name < b.channel.name;
  });
}

}  // namespace busbar::cli
