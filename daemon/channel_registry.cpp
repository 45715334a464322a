#include "daemon/channel_registry.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/base/crash_point.hpp"
#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/rough_size.hpp"
#include "common/base/units.hpp"
#include "daemon/log_fields.hpp"
#include "daemon/store_names.hpp"

namespace busbar::daemon {
namespace {

std::string words(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown error";
  }
}

/// The housekeeper's part: single steps on memory that members write. False if the ring is damaged.
/// `places` are then those that are free, `later` those that a fellow is mending.
bool free_places(const ring::RingView& view, std::vector<Place>& places,
                 std::vector<Place>& later) {
  bool sound = true;
  std::erase_if(places, [&](Place place) {
    if (place.role == control::Role::subscriber) {
      ring::reap_seat(view, place.index);
      return false;
    }
    const ring::Recovered recovered = ring::recover_slot(view, place.index);
    if (recovered == ring::Recovered::damaged) sound = false;
    if (recovered != ring::Recovered::later) return false;
    later.push_back(place);
    return true;
  });
  if (!sound) ring::close_channel(view);
  return sound;
}

/// Tells a channel in a failure that says only what the machine says.
std::exception_ptr with_name(const std::string& channel, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return std::make_exception_ptr(
        Error(error.errc(), "channel " + busbar::quoted(channel) + ": " + error.what()));
  } catch (...) {
    return failure;
  }
}

bool has_members(const Channel& channel, const ChannelRegistry::Lives& lives) {
  const std::vector<Place> held = channel.held_places();
  return std::any_of(held.begin(), held.end(), [&](Place place) {
    return !channel.left(place) && lives(channel.holder(place));
  });
}

void wake(std::vector<Waiter> waiters, const std::exception_ptr& failure) {
  for (const Waiter& waiter : waiters) waiter(failure);
}

}  // namespace

ChannelRegistry::ChannelRegistry(Housekeeper& maker, Housekeeper& mender, Quota& quota,
                                 UserShares& shares, Complaints& complaints, Complaints& notes,
                                 Ledger& ledger, DescriptorStore& store, SegmentNames names,
                                 std::uint32_t limit, Callbacks callbacks)
    : maker_(maker),
      mender_(mender),
      quota_(quota),
      shares_(shares),
      complaints_(complaints),
      notes_(notes),
      ledger_(ledger),
      store_(store),
      segment_names_(std::move(names)),
      limit_(limit),
      callbacks_(std::move(callbacks)) {}

std::shared_ptr<Channel> ChannelRegistry::find(const std::string& name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : at->second;
}

std::shared_ptr<Channel> ChannelRegistry::find(std::uint64_t id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second;
}

ChannelCost ChannelRegistry::cost(const ring::Settings& settings, uid_t user) {
  const std::uint64_t bytes = ring::ring_bytes(settings) + ring::seats_bytes(settings);
  UserShares::Portion portion = shares_.add_channel(user, settings.name, bytes);
  auto charge = quota_.charge(bytes);
  if (charge) return {std::move(*charge), std::move(portion)};
  throw Error(Errc::limit,
              "channel " + busbar::quoted(settings.name) + ": capacity " +
                  size_text(settings.capacity) + " exceeds what is left of the memory limit (" +
                  rough_size_text(quota_.left()) + " of " + rough_size_text(quota_.limit()) +
                  "); lower \"capacity\", remove channels or raise limits.memory");
}

std::shared_ptr<Channel> ChannelRegistry::add(config::ChannelPlan plan, ChannelCost cost,
                                              std::shared_ptr<ChannelMemory> memory,
                                              Creator creator) {
  const auto channel = std::make_shared<Channel>(std::move(plan), std::move(cost), creator);
  channel->set_memory(std::move(memory));
  admitted_.add(channel->plan().publish);
  admitted_.add(channel->plan().subscribe);
  by_name_.emplace(channel->name(), channel);
  by_id_.emplace(channel->id(), channel);
  if (channel->memory()) note_down(*channel);
  return channel;
}

std::shared_ptr<Channel> ChannelRegistry::add(config::ChannelPlan plan, ChannelCost cost,
                                              std::shared_ptr<ChannelMemory> memory) {
  const auto channel =
      add(std::move(plan), std::move(cost), std::move(memory), {::geteuid(), Origin::config});
  tell_settled(*channel);
  return channel;
}

std::shared_ptr<Channel> ChannelRegistry::adopt(const ChannelRecord& record,
                                                std::shared_ptr<ChannelMemory> memory) {
  const ring::Settings& ring = record.plan.ring;
  const std::uint64_t bytes = ring::ring_bytes(ring) + ring::seats_bytes(ring);
  ChannelCost cost{quota_.take(bytes), shares_.keep_channel(record.creator.user, bytes)};
  const auto channel = add(record.plan, std::move(cost), std::move(memory), record.creator);
  if (channel->memory()) settle(channel);
  return channel;
}

std::shared_ptr<Channel> ChannelRegistry::adopt(const ChannelRecord& record,
                                                std::shared_ptr<ForeignMemory> memory) {
  const auto channel = adopt(record, std::shared_ptr<ChannelMemory>());
  channel->set_foreign(std::move(memory));
  return channel;
}

/// From here on it outlives the broker, if its memory can. If not, the next one can say so.
void ChannelRegistry::note_down(const Channel& channel) noexcept {
  try {
    if (channel.plan().backing == shm::Backing::sealed) keep_descriptors(channel);
    ledger_.put(channel.record());
    channel.memory()->set_outlives(true);
  } catch (const std::exception& error) {
    spdlog::error("channel {} will not outlive this broker: {}", busbar::quoted(channel.name()),
                  error.what());
  }
}

void ChannelRegistry::keep_descriptors(const Channel& channel) {
  const auto [ring, seats] = store_names(channel.id());
  if (store_.keep(ring, channel.memory()->ring_fd(control::Role::publisher)) &&
      store_.keep(seats, channel.memory()->seats_fd())) {
    return;
  }
  if (std::exchange(told_unkept_, true)) return;
  spdlog::warn(
      "channel {} is sealed and ends with this broker, as others will: nobody keeps its "
      "descriptors (systemd's unit does, and busbard --supervise)",
      busbar::quoted(channel.name()));
}

bool ChannelRegistry::can_outlive(const Channel& channel) const {
  const bool good = channel.memory() ? !channel.memory()->torn() : channel.foreign() != nullptr;
  return good && (channel.plan().backing == shm::Backing::named || store_.available());
}

std::size_t ChannelRegistry::leave_behind(const Lives& lives) {
  std::size_t left = 0;
  for (const auto& [name, channel] : by_name_) {
    if (can_outlive(*channel) && has_members(*channel, lives)) {
      ++left;
      continue;
    }
    if (channel->memory()) {
      if (has_members(*channel, lives)) {
        spdlog::warn(
            "channel {} ends with this broker, nobody keeps its memory: its members go on "
            "among themselves until the next broker tells them that it is closed",
            busbar::quoted(channel->name()));
      }
      forget_record(*channel);
      channel->memory()->unlink();
    } else if (channel->foreign()) {
      forget_record(*channel);
      channel->foreign()->unlink();
    }
  }
  return left;
}

std::uint64_t ChannelRegistry::grant(Channel& channel, Place place, const ring::Member& member) {
  const std::uint64_t number = ledger_.next_grant();
  ledger_.put(HoldingRecord{{channel.id(), place}, member.session, number});
  BUSBAR_CRASH_POINT("grant.noted");
  channel.grant(place, member, number);
  BUSBAR_CRASH_POINT("grant.granted");
  return number;
}

std::shared_ptr<Channel> ChannelRegistry::create(config::ChannelPlan plan, uid_t user,
                                                 Origin origin) {
  if (size() >= limit_) {
    throw Error(Errc::limit, "channel " + busbar::quoted(plan.ring.name) + ": the limit of " +
                                 std::to_string(limit_) +
                                 " channels is reached; remove channels or raise limits.channels");
  }
  ChannelCost taken = cost(plan.ring, user);
  plan.ring.channel_id = next_id();
  const auto channel = add(std::move(plan), std::move(taken), nullptr, {user, origin});
  channel->set_busy(true);
  const auto memory = std::make_shared<std::shared_ptr<ChannelMemory>>();
  maker_.post(
      {[=, wanted = channel->plan(), names = segment_names_, epoch = ledger_.epoch()] {
         *memory = std::make_shared<ChannelMemory>(wanted, names.next(), epoch);
       },
       [=, this](const std::exception_ptr& failure) { created(channel, *memory, failure); }});
  return channel;
}

void ChannelRegistry::created(const std::shared_ptr<Channel>& channel,
                              std::shared_ptr<ChannelMemory> memory, std::exception_ptr failure) {
  const LogFields fields{{"BUSBAR_CHANNEL", channel->name()}};
  channel->set_busy(false);
  channel->set_memory(std::move(memory));
  if (failure) {
    failure = with_name(channel->name(), failure);
    complaints_.about(channel->creator().user, words(failure));
    take_name(*channel);
    by_id_.erase(channel->id());
    callbacks_.freed();
  } else {
    note_down(*channel);
    tell_created(*channel);
    tell_settled(*channel);
  }
  wake(channel->take_waiters(), failure);
}

/// What the operator has configured is always told.
void ChannelRegistry::tell_created(const Channel& channel) {
  const ring::Settings& settings = channel.settings();
  const std::string text = "channel " + busbar::quoted(channel.name()) + " created: capacity " +
                           size_text(settings.capacity) + ", " +
                           std::to_string(settings.max_publishers) + " publishers, " +
                           std::to_string(settings.max_subscribers) + " subscribers";
  if (channel.creator().origin == Origin::config) {
    spdlog::info("{}", text);
  } else {
    notes_.about(channel.creator().user, text);
  }
}

/// What was asked for and came, or did not.
void ChannelRegistry::tell_settled(const Channel& channel) {
  const shm::MemoryOptions& wanted = channel.plan().memory;
  if (wanted == shm::MemoryOptions()) return;
  const LogFields fields{{"BUSBAR_CHANNEL", channel.name()}};
  std::string text = "channel " + busbar::quoted(channel.name()) + ": memory";
  if (wanted.huge_pages) {
    text += ", " + size_text(channel.memory()->report().huge_bytes) + " in huge pages";
  }
  if (wanted.numa_node) text += ", asked for on NUMA node " + std::to_string(*wanted.numa_node);
  if (wanted.lock) text += ", asked to be locked";
  const auto& fallbacks = channel.memory()->report().fallbacks;
  text += fallbacks.empty() ? "; all granted" : "; not granted:";
  for (const std::string& fallback : fallbacks) text += " " + fallback + ";";
  if (!fallbacks.empty()) text.pop_back();
  if (channel.creator().origin == Origin::config) {
    spdlog::log(fallbacks.empty() ? spdlog::level::info : spdlog::level::warn, "{}", text);
  } else {
    notes_.about(channel.creator().user, text);
  }
}

void ChannelRegistry::settle(const std::shared_ptr<Channel>& channel) {
  const shm::MemoryOptions wanted = channel->plan().memory;
  if (wanted == shm::MemoryOptions()) return;
  const auto report = std::make_shared<shm::MemoryReport>();
  maker_.post({[=, memory = channel->memory()] { *report = memory->settle(wanted); },
               [=, this](const std::exception_ptr&) {
                 if (!channel->memory()) return;  // removed meanwhile
                 channel->memory()->set_report(std::move(*report));
                 tell_settled(*channel);
               }});
}

void ChannelRegistry::set_access(Channel& channel, control::Access publish,
                                 control::Access subscribe) {
  admitted_.remove(channel.plan().publish);
  admitted_.remove(channel.plan().subscribe);
  channel.set_access(std::move(publish), std::move(subscribe));
  if (channel.memory()) note_down(channel);
  admitted_.add(channel.plan().publish);
  admitted_.add(channel.plan().subscribe);
}

void ChannelRegistry::reclaim(const std::shared_ptr<Channel>& channel,
                              std::span<const Place> places) {
  for (const Place place : places) {
    if (channel->holder(place) != 0) channel->want_back(place);
  }
  begin_reclaim(channel);
}

void ChannelRegistry::begin_reclaim(const std::shared_ptr<Channel>& channel) {
  if (channel->busy()) return;
  std::vector<Place> wanted = channel->take_wanted();
  std::erase_if(wanted, [&](Place place) { return channel->holder(place) == 0; });
  if (wanted.empty()) return;
  channel->set_busy(true);
  if (channel->foreign()) return release_foreign(channel, std::move(wanted));
  const auto places = std::make_shared<std::vector<Place>>(std::move(wanted));
  const auto later = std::make_shared<std::vector<Place>>();
  const auto sound = std::make_shared<bool>(false);
  mender_.post(
      {[=, memory = channel->memory()] { *sound = free_places(memory->view(), *places, *later); },
       [=, this](const std::exception_ptr& failure) {
         if (failure) {
           spdlog::error("reclaiming channel {}: {}", busbar::quoted(channel->name()),
                         words(failure));
         }
         reclaimed(channel, *places, *sound);
         reclaim_later(channel, *later);
       }});
}

void ChannelRegistry::reclaimed(const std::shared_ptr<Channel>& channel,
                                const std::vector<Place>& places, bool sound) {
  const LogFields fields{{"BUSBAR_CHANNEL", channel->name()}};
  channel->set_busy(false);
  for (const Place place : places) {
    const std::uint64_t session = channel->holder(place);
    BUSBAR_CRASH_POINT("reclaim.freed");
    channel->release(place);
    ledger_.erase({channel->id(), place});
    callbacks_.released(session, {channel->id(), place});
  }
  if (channel->memory()->torn()) {
    close_torn(channel);
  } else if (!sound) {
    close_damaged(channel);
  }
  begin_reclaim(channel);
  if (channel->busy()) return;
  if (channel->closed() && !channel->has_members()) forget(channel);
  wake(channel->take_waiters(), nullptr);
}

/// Nothing is to be done in its memory; later all the same: who asks may be in the midst of what
/// the session holds.
void ChannelRegistry::release_foreign(const std::shared_ptr<Channel>& channel,
                                      std::vector<Place> places) {
  mender_.post({[] {}, [=, this, places = std::move(places)](
                           const std::exception_ptr&) { released_foreign(channel, places); }});
}

void ChannelRegistry::released_foreign(const std::shared_ptr<Channel>& channel,
                                       const std::vector<Place>& places) {
  channel->set_busy(false);
  for (const Place place : places) {
    const std::uint64_t session = channel->holder(place);
    channel->release(place);
    ledger_.erase({channel->id(), place});
    callbacks_.released(session, {channel->id(), place});
  }
  begin_reclaim(channel);
  if (channel->busy()) return;
  wake(channel->take_waiters(), nullptr);
  if (channel->has_members()) return;
  if (!channel->closed()) {
    spdlog::info("channel {} of layout {} removed, its last member is gone",
                 busbar::quoted(channel->name()), channel->foreign()->layout());
    take_name(*channel);
  }
  by_id_.erase(channel->id());
}

/// Nobody waits for a fellow that mends.
void ChannelRegistry::reclaim_later(const std::shared_ptr<Channel>& channel,
                                    std::vector<Place> places) {
  if (places.empty()) return;
  unmended_.emplace_back(channel, std::move(places));
  callbacks_.unmended();
}

void ChannelRegistry::reclaim_unmended() {
  for (const auto& [channel, places] : std::exchange(unmended_, {})) reclaim(channel, places);
}

void ChannelRegistry::remove(const std::shared_ptr<Channel>& channel) {
  const LogFields fields{{"BUSBAR_CHANNEL", channel->name()}};
  spdlog::info("channel {} removed", busbar::quoted(channel->name()));
  if (channel->memory()) ring::close_channel(channel->memory()->view());
  take_name(*channel);
  if (!channel->has_members()) forget(channel);
}

void ChannelRegistry::close_damaged(const std::shared_ptr<Channel>& channel) {
  if (channel->closed()) return;
  spdlog::error("channel {} is damaged: its members are told that it is closed",
                busbar::quoted(channel->name()));
  take_name(*channel);
}

void ChannelRegistry::close_torn(const std::shared_ptr<Channel>& channel) {
  if (channel->closed()) return;
  spdlog::error(
      "channel {}: a member has cut its segment short; it is removed, its members cannot "
      "go on (sealed segments cannot be cut: create it with --segment sealed)",
      busbar::quoted(channel->name()));
  ring::close_channel(channel->memory()->view());
  take_name(*channel);
}

void ChannelRegistry::close_torn() {
  const Names all = by_name_;
  for (const auto& [name, channel] : all) {
    // One that is busy is looked at when that is over.
    if (channel->busy() || !channel->memory() || !channel->memory()->torn()) continue;
    close_torn(channel);
    if (!channel->has_members()) forget(channel);
  }
}

/// A next broker will know nothing of it.
void ChannelRegistry::forget_record(const Channel& channel) {
  ledger_.erase_channel(channel.id());
  if (channel.plan().backing == shm::Backing::sealed) {
    const auto [ring, seats] = store_names(channel.id());
    store_.drop(ring);
    store_.drop(seats);
  }
}

void ChannelRegistry::take_name(Channel& channel) {
  BUSBAR_CRASH_POINT("channel.closed");
  forget_record(channel);
  if (channel.foreign()) channel.foreign()->unlink();
  channel.set_closed();
  admitted_.remove(channel.plan().publish);
  admitted_.remove(channel.plan().subscribe);
  if (channel.memory()) {
    channel.memory()->set_outlives(false);
    maker_.post(
        {[memory = channel.memory()] { memory->unlink(); }, [](const std::exception_ptr&) {}});
  }
  by_name_.erase(channel.name());
}

void ChannelRegistry::forget(const std::shared_ptr<Channel>& channel) {
  by_id_.erase(channel->id());
  const auto memory = std::make_shared<std::shared_ptr<ChannelMemory>>(channel->take_memory());
  // The charge goes with the channel, after the memory: `done` holds it until then.
  maker_.post({[memory] { memory->reset(); },
               [this, channel](const std::exception_ptr&) { callbacks_.freed(); }});
}

}  // namespace busbar::daemon
