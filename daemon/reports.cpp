#include "daemon/reports.hpp"

#include "common/ring/membership.hpp"
#include "config/settings_resolver.hpp"
#include "daemon/process_state.hpp"

namespace busbar::daemon {
namespace {

// 64 entries of at most 900 bytes each, and the lists of who may use a channel (4 times 64
// numbers), stay below 64 KiB: names have 128 bytes, twice that with escapes, a channel 18 numbers
// of at most 20 digits; a subscriber 6, and 8 held messages of 2.
constexpr std::size_t kPage = 64;
// A channel's report also tells its load, two more names and 7 numbers, and three fallbacks of at
// most 250 bytes.
constexpr std::size_t kChannelPage = 24;
// Channels that one answer may pass over because the asker may not see them.
constexpr std::size_t kLooksAtATime = 128;

// What a seat's cursor says when it gates nobody and only messages that are held remain.
constexpr std::uint64_t kGatesNobody = ~std::uint64_t{0};

// A pin that is newer than the look at the clock is a little less than 2^32 ms old.
constexpr std::uint32_t kYoungerThanNow = ~std::uint32_t{0} - 60'000;

std::string state_text(const ring::SeatCounts& counts) {
  const bool gone = counts.cursor == kGatesNobody;
  switch (counts.state) {
    case layout::SeatState::reserved:
      return "joining";
    case layout::SeatState::reliable:
      return gone ? "leaving" : "reliable";
    case layout::SeatState::lossy:
      return gone ? "leaving" : "lossy";
    case layout::SeatState::evicted:
      return gone ? "leaving" : "evicted";
    case layout::SeatState::free:
    case layout::SeatState::left:
    case layout::SeatState::dead:
      return "leaving";
  }
  return "unknown";  // members write it
}

control::PublisherReport publisher_report(const Channel& channel, std::uint32_t slot,
                                          const Session& session) {
  const auto counts = ring::slot_counts(channel.memory()->view(), slot);
  return {slot, session.id(), session.name(), session.pid(), counts.open_bytes, counts.ended};
}

control::HeldReport held_report(const ring::HeldCounts& held) {
  return {held.bytes, held.for_ms > kYoungerThanNow ? 0 : held.for_ms};
}

control::SubscriberReport subscriber_report(const Channel& channel, std::uint32_t seat,
                                            const Session& session) {
  const auto counts = ring::seat_counts(channel.memory()->view(), seat);
  control::SubscriberReport report;
  report.seat = seat;
  report.client = session.id();
  report.name = session.name();
  report.pid = session.pid();
  report.state = state_text(counts);
  report.cursor = counts.cursor;
  report.lag_bytes = counts.cursor == kGatesNobody ? 0 : counts.lag_bytes;
  report.lost = counts.lost;
  for (std::uint32_t i = 0; i < counts.held; ++i)
    report.held.push_back(held_report(counts.hold[i]));
  return report;
}

void add_lag(control::LoadReport& load, const ring::SeatCounts& counts, const Session& session) {
  const bool gates = counts.state == layout::SeatState::reliable && counts.cursor != kGatesNobody;
  if (!gates || counts.lag_bytes <= load.lag_bytes) return;
  load.lag_bytes = counts.lag_bytes;
  load.lag_client = session.id();
  load.lag_name = session.name();
}

void add_held(control::LoadReport& load, const ring::SeatCounts& counts, const Session& session) {
  for (std::uint32_t i = 0; i < counts.held; ++i) {
    const control::HeldReport held = held_report(counts.hold[i]);
    load.held += 1;
    load.held_bytes += held.bytes;
    if (load.held_client != 0 && held.for_ms <= load.held_for_ms) continue;
    load.held_for_ms = held.for_ms;
    load.held_client = session.id();
    load.held_name = session.name();
  }
}

control::LoadReport load_report(const Channel& channel, const SessionTable& sessions) {
  control::LoadReport load;
  for (std::uint32_t seat = 0; seat < channel.places(control::Role::subscriber); ++seat) {
    const Session* session = sessions.find(channel.holder({control::Role::subscriber, seat}));
    if (session == nullptr) continue;
    const auto counts = ring::seat_counts(channel.memory()->view(), seat);
    add_lag(load, counts, *session);
    add_held(load, counts, *session);
    load.lost += counts.lost;
  }
  return load;
}

std::uint32_t number_of(Place place) {
  return place.role == control::Role::publisher ? place.index : control::kFirstSeat + place.index;
}

control::ClientReport client_report(const Session& session) {
  return {session.id(),
          session.name(),
          session.pid(),
          session.peer().uid,
          session.library(),
          session.held(control::Role::publisher),
          session.held(control::Role::subscriber),
          session.connected(),
          process_state_text(process_state(session.peer().pid))};
}

}  // namespace

control::ChannelReport channel_report(const Channel& channel, const SessionTable& sessions) {
  const ring::Settings& settings = channel.settings();
  control::ChannelReport report;
  report.name = settings.name;
  report.capacity = settings.capacity;
  report.max_message = settings.max_message;
  report.block_timeout_ns = settings.block_timeout_ns;
  report.when_full = config::when_full_text(settings.when_full);
  report.segment = config::backing_text(channel.plan().backing);
  report.fences = config::fence_rule_text(settings.fence_rule);
  report.max_publishers = settings.max_publishers;
  report.max_subscribers = settings.max_subscribers;
  report.alignment = settings.alignment;
  report.publishers = channel.held(control::Role::publisher);
  report.subscribers = channel.held(control::Role::subscriber);
  report.memory = channel.memory_bytes();
  const shm::MemoryOptions& options = channel.plan().memory;
  report.huge_pages = config::huge_pages_text(options.huge_pages);
  report.numa_node = options.numa_node;
  report.lock_memory = options.lock;
  report.huge_bytes = channel.memory()->report().huge_bytes;
  report.fallbacks = channel.memory()->report().fallbacks;
  const auto counts = ring::channel_counts(channel.memory()->view());
  report.claimed = counts.claimed;
  report.tail = counts.tail;
  report.sequence = counts.sequence;
  report.dropped = counts.dropped;
  report.evicted = counts.evicted;
  report.load = load_report(channel, sessions);
  return report;
}

control::ChannelList channel_page(const ChannelRegistry& channels, const SessionTable& sessions,
                                  const std::string& after,
                                  const std::function<bool(const Channel&)>& wanted) {
  control::ChannelList page;
  const auto& names = channels.names();
  std::size_t looked_at = 0;
  for (auto at = names.upper_bound(after); at != names.end(); ++at) {
    page.more = page.channels.size() == kChannelPage || looked_at++ == kLooksAtATime;
    if (page.more) break;
    page.next = at->first;
    const bool exists = at->second->memory() != nullptr;
    if (!exists || !wanted(*at->second)) continue;
    page.channels.push_back(channel_report(*at->second, sessions));
  }
  return page;
}

control::ChannelShown members_page(const Channel& channel, const SessionTable& sessions,
                                   std::uint32_t from) {
  control::ChannelShown page;
  page.channel = channel_report(channel, sessions);
  page.publish = channel.plan().publish;
  page.subscribe = channel.plan().subscribe;
  for (const Place place : channel.held_places()) {
    const Session* session = sessions.find(channel.holder(place));
    if (session == nullptr || number_of(place) < from) continue;
    if (page.publishers.size() + page.subscribers.size() == kPage) {
      page.next = number_of(place);
      break;
    }
    if (place.role == control::Role::publisher) {
      page.publishers.push_back(publisher_report(channel, place.index, *session));
    } else {
      page.subscribers.push_back(subscriber_report(channel, place.index, *session));
    }
  }
  return page;
}

control::ClientList client_page(const SessionTable& sessions, std::uint64_t after) {
  control::ClientList page;
  const auto& all = sessions.all();
  for (auto at = all.upper_bound(after); at != all.end(); ++at) {
    if (!at->second->welcomed()) continue;
    page.more = page.clients.size() == kPage;
    if (page.more) break;
    page.clients.push_back(client_report(*at->second));
  }
  return page;
}

}  // namespace busbar::daemon
