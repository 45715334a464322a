#include "daemon/ledger/ledger.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "common/base/error.hpp"
#include "common/sync/process_identity.hpp"
#include "daemon/ledger/entries.hpp"

namespace busbar::daemon {
namespace {

using namespace ledger;

constexpr std::uint64_t kHeaderRoom = 4096;
// As many as the configuration allows, and some: an entry is replaced by writing a second one.
constexpr std::uint32_t kMostSessions = (1 << 16) + 1024;
constexpr std::uint32_t kMostChannels = (1 << 16) + 1024;
constexpr std::uint32_t kMostHoldings = 1 << 19;
constexpr std::uint64_t kSessionsAt = kHeaderRoom;
constexpr std::uint64_t kChannelsAt = kSessionsAt + sizeof(ledger::SessionEntry) * kMostSessions;
constexpr std::uint64_t kHoldingsAt = kChannelsAt + sizeof(ledger::ChannelEntry) * kMostChannels;
constexpr std::uint64_t kBytes = kHoldingsAt + sizeof(ledger::HoldingEntry) * kMostHoldings;

std::atomic_ref<std::uint64_t> magic_of(Header& header) {
  return std::atomic_ref<std::uint64_t>(header.magic);
}

[[noreturn]] void damaged(const std::string& what) {
  throw Error(Errc::damaged, "the ledger of the broker before " + what);
}

/// Of a ledger whose predecessor is lost: a client that knows places by that one's numbers must not
/// hit those of this one.
std::uint64_t first_grant() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::microseconds>(now).count());
}

/// Before the magic is there it was never used.
void begin(LedgerFile& file, const std::string& socket) {
  file.reserve(0, kHeaderRoom);
  Header& header = *reinterpret_cast<Header*>(file.data());
  header = {};
  header.version = ledger::kVersion;
  header.header_bytes = sizeof(Header);
  header.sessions.entry_bytes = sizeof(ledger::SessionEntry);
  header.channels.entry_bytes = sizeof(ledger::ChannelEntry);
  header.holdings.entry_bytes = sizeof(ledger::HoldingEntry);
  header.last_grant = first_grant();
  header.pid_namespace = sync::own_identity().pid_namespace;
  socket.copy(header.socket, sizeof header.socket - 1);
  magic_of(header).store(kMagic, std::memory_order_release);
}

void check(const Header& header) {
  if (header.version != ledger::kVersion) {
    damaged("has version " + std::to_string(header.version) + ", this one reads " +
            std::to_string(ledger::kVersion));
  }
  if (header.header_bytes != sizeof(Header) ||
      header.sessions.entry_bytes != sizeof(ledger::SessionEntry) ||
      header.channels.entry_bytes != sizeof(ledger::ChannelEntry) ||
      header.holdings.entry_bytes != sizeof(ledger::HoldingEntry)) {
    damaged("has entries of other sizes");
  }
  if (header.sessions.reserved > kMostSessions || header.channels.reserved > kMostChannels ||
      header.holdings.reserved > kMostHoldings) {
    damaged("has more entries than it has room for");
  }
}

/// Memory for what it claims to have: a hole would be a zero page that a write could not get.
void back_with_memory(LedgerFile& file, const Header& header) {
  const auto reserve = [&](std::uint64_t at, const Table& table) {
    const std::uint64_t bytes = std::uint64_t{table.entry_bytes} * table.reserved;
    if (bytes != 0) file.reserve(at, bytes);
  };
  reserve(kSessionsAt, header.sessions);
  reserve(kChannelsAt, header.channels);
  reserve(kHoldingsAt, header.holdings);
}

LedgerFile open_or_create(const std::string& name, const std::string& socket, bool& is_new) {
  auto found = LedgerFile::open(name, kBytes);
  LedgerFile file = found ? std::move(*found) : LedgerFile::create(name, kBytes);
  file.reserve(0, kHeaderRoom);
  Header& header = *reinterpret_cast<Header*>(file.data());
  const std::uint64_t magic = magic_of(header).load(std::memory_order_acquire);
  if (magic == 0) begin(file, socket);
  if (magic != 0 && magic != kMagic) damaged("does not begin with the magic number");
  check(header);
  back_with_memory(file, header);
  is_new = magic == 0;
  ++header.epoch;
  return file;
}

/// What is there under the same number goes when the new entry is there.
template <class Entry>
void put_in(LedgerTable<Entry>& table, std::unordered_map<std::uint64_t, std::uint32_t>& places,
            const Entry& entry) {
  const auto [place, fresh] = places.try_emplace(entry.id, 0);
  try {
    const std::uint32_t at = table.add(entry);
    if (!fresh) table.erase(place->second);
    place->second = at;
  } catch (...) {
    if (fresh) places.erase(place);
    throw;
  }
}

template <class Entry>
void erase_from(LedgerTable<Entry>& table, std::unordered_map<std::uint64_t, std::uint32_t>& places,
                std::uint64_t id) {
  const auto place = places.find(id);
  if (place == places.end()) return;
  table.erase(place->second);
  places.erase(place);
}

/// The whole table as values; what makes no sense is erased, so is one of two with the same number.
template <class Record, class Entry, class Key, class Later>
std::vector<Record> take_in(LedgerTable<Entry>& table, std::size_t& damaged, Key key, Later later,
                            auto& places) {
  std::vector<std::uint32_t> bad;
  std::map<std::uint32_t, Record> good;
  table.for_each([&](std::uint32_t at, const Entry& entry) {
    Record record;
    if (!ledger::read(entry, record)) {
      ++damaged;
      return bad.push_back(at);
    }
    const auto [place, fresh] = places.try_emplace(key(record), at);
    if (!fresh && !later(entry, table.at(place->second))) return bad.push_back(at);
    if (!fresh) {
      bad.push_back(place->second);
      good.erase(place->second);
      place->second = at;
    }
    good.emplace(at, std::move(record));
  });
  for (const std::uint32_t at : bad) table.erase(at);
  std::vector<Record> records;
  for (auto& [at, record] : good) records.push_back(std::move(record));
  return records;
}

}  // namespace

Ledger::Ledger(const std::string& name, const std::string& socket)
    : file_(open_or_create(name, socket, is_new_)),
      sessions_(file_, header().sessions, kSessionsAt, kMostSessions),
      channels_(file_, header().channels, kChannelsAt, kMostChannels),
      holdings_(file_, header().holdings, kHoldingsAt, kMostHoldings) {}

Ledger::~Ledger() {
  if (is_new_) unlink();
}

void Ledger::put(const SessionRecord& session) {
  is_new_ = false;
  put_in(sessions_, session_at_, entry_of(session));
}

void Ledger::put(const ChannelRecord& channel) {
  is_new_ = false;
  ledger::ChannelEntry entry = entry_of(channel);
  entry.revision = ++header().last_revision;
  put_in(channels_, channel_at_, entry);
}

void Ledger::put(const HoldingRecord& holding) {
  is_new_ = false;
  const auto [place, fresh] = holding_at_.try_emplace(holding.holding, 0);
  try {
    const std::uint32_t at = holdings_.add(entry_of(holding));
    if (!fresh) holdings_.erase(place->second);
    place->second = at;
  } catch (...) {
    if (fresh) holding_at_.erase(place);
    throw;
  }
}

void Ledger::erase_session(std::uint64_t id) {
  erase_from(sessions_, session_at_, id);
}

/// The channel first: places on a channel that is not there are nobody's.
void Ledger::erase_channel(std::uint64_t id) {
  erase_from(channels_, channel_at_, id);
  auto at = holding_at_.lower_bound(Holding{id, {}});
  while (at != holding_at_.end() && at->first.channel_id == id) {
    holdings_.erase(at->second);
    at = holding_at_.erase(at);
  }
}

void Ledger::erase(const Holding& holding) {
  const auto at = holding_at_.find(holding);
  if (at == holding_at_.end()) return;
  holdings_.erase(at->second);
  holding_at_.erase(at);
}

Ledger::Contents Ledger::contents() {
  Contents found;
  found.sessions = take_in<SessionRecord>(
      sessions_, found.damaged, [](const SessionRecord& record) { return record.id; },
      [](const ledger::SessionEntry&, const ledger::SessionEntry&) { return false; }, session_at_);
  found.channels = take_in<ChannelRecord>(
      channels_, found.damaged,
      [](const ChannelRecord& record) { return record.plan.ring.channel_id; },
      [](const ledger::ChannelEntry& one, const ledger::ChannelEntry& other) {
        return one.revision > other.revision;
      },
      channel_at_);
  found.holdings = take_in<HoldingRecord>(
      holdings_, found.damaged, [](const HoldingRecord& record) { return record.holding; },
      [](const ledger::HoldingEntry& one, const ledger::HoldingEntry& other) {
        return one.grant > other.grant;
      },
      holding_at_);
  forget_foreign_processes(found.sessions);
  return found;
}

/// Pids of another PID namespace say nothing here. The entries first: redone after a kill.
void Ledger::forget_foreign_processes(std::vector<SessionRecord>& sessions) {
  const std::uint64_t own = sync::own_identity().pid_namespace;
  if (header().pid_namespace == own) return;
  for (SessionRecord& session : sessions) {
    session.process = {};
    put(session);
  }
  header().pid_namespace = own;
}

}  // namespace busbar::daemon
