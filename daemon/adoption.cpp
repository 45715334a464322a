#include "daemon/adoption.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "common/base/crash_point.hpp"
#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/sync/process_identity.hpp"
#include "config/settings_resolver.hpp"
#include "daemon/log_fields.hpp"
#include "daemon/segment_names.hpp"
#include "daemon/store_names.hpp"

namespace busbar::daemon {
namespace {

ring::Member own_member() {
  const sync::ProcessIdentity own = sync::own_identity();
  return {0, own.pid, own.start_time, own.pid_namespace};
}

std::string quoted_name(const ChannelRecord& record) {
  return "channel " + busbar::quoted(record.plan.ring.name);
}

bool stands_free(const ring::RingView& view, Place place) {
  return place.role == control::Role::publisher ? ring::slot_standing(view, place.index).is_free
                                                : ring::seat_standing(view, place.index).is_free;
}

}  // namespace

Adoption::Adoption(Ledger& ledger, ChannelRegistry& channels, SessionTable& sessions,
                   DescriptorStore& store, const Wanted& wanted)
    : ledger_(ledger), channels_(channels), sessions_(sessions), store_(store), wanted_(wanted) {}

void Adoption::run() {
  Ledger::Contents contents = ledger_.contents();
  found_ = contents.sessions.size() + contents.channels.size();
  if (contents.damaged != 0) {
    spdlog::error("{} entries of the ledger make no sense and are left out", contents.damaged);
  }
  sort_sessions(std::move(contents.sessions));
  sort_holdings(contents.holdings);
  for (ChannelRecord& record : contents.channels) take_over(std::move(record));
  keep_sessions();
  const std::size_t nobodys = remove_leftovers(channels_.segment_names(), known_);
  if (nobodys != 0) spdlog::info("{} segments of a dead broker removed", nobodys);
  store_.drop_rest();
  report();
}

void Adoption::sort_sessions(std::vector<SessionRecord> sessions) {
  for (SessionRecord& session : sessions) {
    Found found = find_process(session.process);
    if (found.state == Found::State::dead) {
      ++dead_;
      spdlog::info("client {} (pid {}) has ended while there was no broker",
                   busbar::quoted(session.name), session.process.pid);
      ledger_.erase_session(session.id);
      continue;
    }
    const std::uint64_t id = session.id;
    clients_.try_emplace(id, Client{std::move(session), std::move(found)});
  }
}

void Adoption::sort_holdings(const std::vector<HoldingRecord>& holdings) {
  for (const HoldingRecord& holding : holdings) {
    holdings_[holding.holding.channel_id].push_back(holding);
  }
}

bool Adoption::has_members(std::uint64_t channel) const {
  const auto at = holdings_.find(channel);
  return at != holdings_.end() &&
         std::any_of(at->second.begin(), at->second.end(), [&](const HoldingRecord& holding) {
           return clients_.contains(holding.session);
         });
}

/// Whether it may stay as far as the configuration goes, whose word counts unless members would
/// lose their channel by it.
bool Adoption::is_wanted(ChannelRecord& record) const {
  const auto wanted = wanted_.find(record.plan.ring.name);
  const bool members = has_members(record.plan.ring.channel_id);
  if (wanted == wanted_.end()) {
    if (record.creator.origin != Origin::config) return true;
    if (members) {
      spdlog::warn("{} is configured no longer and goes on for its members until it is removed",
                   quoted_name(record));
    }
    return members;
  }
  const std::string other = config::fixed_change(record.plan, wanted->second);
  if (other.empty()) {
    record.plan.publish = wanted->second.publish;
    record.plan.subscribe = wanted->second.subscribe;
    record.creator = {::geteuid(), Origin::config};
    return true;
  }
  if (members) {
    spdlog::warn(
        "{} goes on as it was for its members; configured otherwise: {}; remove it (busbar "
        "rm --force) or restart once they have left",
        quoted_name(record), other);
  }
  return members;
}

void Adoption::take_over(ChannelRecord record) {
  const std::uint64_t id = record.plan.ring.channel_id;
  const LogFields fields{{"BUSBAR_CHANNEL", record.plan.ring.name}};
  if (channels_.find(record.plan.ring.name) || !is_wanted(record)) return discard(record);
  try {
    Segments segments = open(record);
    if (take_over_foreign(record, segments)) return;
    const auto memory = std::make_shared<ChannelMemory>(record.plan.ring, std::move(segments.ring),
                                                        std::move(segments.seats));
    // It was being removed, and the members have been told.
    if (memory->view().closed()) return discard(record);
    if (!ring::adopt(memory->view(), own_member(), ledger_.epoch())) {
      throw Error(Errc::damaged, "its records make no sense");
    }
    BUSBAR_CRASH_POINT("adopt.channel");
    known_.insert(record.segments);
    restore_places(channels_.adopt(record, memory));
  } catch (const Error& error) {
    // A shortage is no damage: with more descriptors, or memory, another start has them all.
    if (error.errc() != Errc::damaged && error.errc() != Errc::version) throw;
    set_aside(record, error.what());
    lose(id);
  }
}

Adoption::Segments Adoption::open(const ChannelRecord& record) {
  const std::string ring = record.segments + "-ring", seats = record.segments + "-seats";
  if (record.plan.backing == shm::Backing::named) {
    if (!channels_.segment_names().is_own(ring)) {
      throw Error(Errc::damaged, "its segments have another broker's names");
    }
    return {shm::Segment::open(ring), shm::Segment::open(seats)};
  }
  const StoreNames names = store_names(record.plan.ring.channel_id);
  return {shm::Segment::open(ring, store_.take(names.ring)),
          shm::Segment::open(seats, store_.take(names.seats))};
}

/// One that another version of the broker has made: it goes on without us.
bool Adoption::take_over_foreign(const ChannelRecord& record, Segments& segments) {
  std::array<std::byte, ring::kDescriptorStart> start{};
  const ssize_t size = ::pread(segments.ring.readable_fd(), start.data(), start.size(), 0);
  const auto layout = ring::foreign_layout(
      std::span(start).first(static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
  if (!layout) return false;
  if (!has_members(record.plan.ring.channel_id)) {
    segments.ring.unlink();
    segments.seats.unlink();
    discard(record);
    return true;
  }
  spdlog::warn(
      "{} has layout {}, which this broker does not serve: its members go on, nobody can "
      "join; it is made anew when the last one has left",
      quoted_name(record), *layout);
  known_.insert(record.segments);
  restore_places(
      channels_.adopt(record, std::make_shared<ForeignMemory>(std::move(segments.ring),
                                                              std::move(segments.seats), *layout)));
  return true;
}

void Adoption::discard(const ChannelRecord& record) {
  spdlog::info("{} of the broker before removed", quoted_name(record));
  lose(record.plan.ring.channel_id);
}

void Adoption::lose(std::uint64_t channel) {
  for (const HoldingRecord& holding : holdings_[channel]) {
    const auto at = clients_.find(holding.session);
    if (at == clients_.end()) continue;
    std::vector<std::uint64_t>& lost = at->second.lost;
    if (lost.empty() || lost.back() != channel) lost.push_back(channel);
  }
  ledger_.erase_channel(channel);
}

/// Its members go on among themselves until they come back and are told.
void Adoption::set_aside(const ChannelRecord& record, const std::string& why) {
  ++aside_;
  std::string where;
  for (const char* part : {"-ring", "-seats"}) {
    if (record.plan.backing != shm::Backing::named) break;
    const std::string to =
        busbar::daemon::set_aside(channels_.segment_names(), record.segments + part);
    if (!to.empty()) where += (where.empty() ? "; what there is: /dev/shm/" : ", /dev/shm/") + to;
  }
  spdlog::error("{} of the broker before cannot be taken over: {}{}", quoted_name(record), why,
                where);
}

/// Who holds what is the ledger's to say. What the memory says beyond it was never given or never
/// quite taken back: that is finished before anything is granted.
void Adoption::restore_places(const std::shared_ptr<Channel>& channel) {
  std::vector<Place> back;
  for (const HoldingRecord& holding : holdings_[channel->id()]) {
    const Place place = holding.holding.place;
    if (place.index >= channel->places(place.role)) {
      ledger_.erase(holding.holding);
      continue;
    }
    const auto client = clients_.find(holding.session);
    const bool lives = client != clients_.end();
    channel->restore(place, lives ? holding.session : Channel::kGone, holding.grant);
    const bool done = channel->memory() &&
                      (stands_free(channel->memory()->view(), place) || channel->left(place));
    if (!lives || done) back.push_back(place);
    if (!lives) continue;
    Client& holder = client->second;
    if (!std::exchange(holder.adopted, true)) {
      sessions_.adopt(holder.record, std::move(holder.found.pidfd));
    }
    sessions_.find(holding.session)->holdings().insert(holding.holding);
  }
  if (channel->memory()) finish_unfinished(*channel, back);
  channels_.reclaim(channel, back);
}

void Adoption::finish_unfinished(Channel& channel, std::vector<Place>& back) {
  const ring::RingView& view = channel.memory()->view();
  for (const auto role : {control::Role::publisher, control::Role::subscriber}) {
    for (std::uint32_t i = 0; i < channel.places(role); ++i) {
      const Place place{role, i};
      if (channel.holder(place) != 0 || stands_free(view, place)) continue;
      channel.restore(place, Channel::kGone, 0);
      back.push_back(place);
    }
  }
}

/// Those who have lost everything are waited for, to be told, while their process can be watched.
void Adoption::keep_sessions() {
  for (auto& [id, client] : clients_) {
    if (!client.adopted && !client.lost.empty() && client.found.pidfd) {
      client.adopted = true;
      sessions_.adopt(client.record, std::move(client.found.pidfd));
    }
    if (!client.adopted) {
      ledger_.erase_session(id);
      continue;
    }
    Session& session = *sessions_.find(id);
    session.lost() = std::move(client.lost);
    if (!session.peer().pidfd) {
      spdlog::warn(
          "client {} cannot be seen from here: what it holds stays held until it comes "
          "back; if it is gone, remove its channels",
          session.words());
    }
  }
}

void Adoption::report() const {
  if (found_ == 0 && aside_ == 0) return;
  spdlog::info(
      "taken over from the broker before: {} channels, {} clients; {} clients have died, "
      "{} channels could not be taken over",
      channels_.size(), sessions_.clients(), dead_, aside_);
}

}  // namespace busbar::daemon
