#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/holding.hpp"
#include "daemon/ledger/ledger_file.hpp"
#include "daemon/ledger/ledger_table.hpp"
#include "daemon/ledger/records.hpp"

namespace busbar::daemon {

/// What the next broker has to know, in memory that outlives this one: clients' sessions, channels,
/// and who holds which place. Each change is there as a whole or not at all, at whatever
/// instruction the broker is killed. Order: the ledger before the segment when something is given,
/// the segment before the ledger when it is taken back (docs/adr/0020). Main thread only.
class Ledger {
 public:
  /// The one of this name that an earlier broker has left, else a new one; counts the epoch on.
  /// Throws Errc::damaged Errc::limit, Errc::system.
  Ledger(const std::string& name, const std::string& socket);
  /// Unlinks one that is new and in which nothing was ever noted.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  std::uint64_t epoch() const noexcept { return header().epoch; }
  /// Numbers that no broker of this ledger has given before.
  std::uint64_t next_session() noexcept { return ++header().last_session; }
  std::uint64_t next_channel() noexcept { return ++header().last_channel; }
  std::uint64_t next_grant() noexcept { return ++header().last_grant; }

  // What is there under the same number is replaced. All throw Errc::limit; then nothing changed.
  void put(const SessionRecord& session);
  void put(const ChannelRecord& channel);
  void put(const HoldingRecord& holding);

  void erase_session(std::uint64_t id);
  /// And what is held there.
  void erase_channel(std::uint64_t id);
  void erase(const Holding& holding);

  /// What an earlier broker has left; once, before anything is put. What makes no sense is left
  /// out, erased and counted.
  struct Contents {
    std::vector<SessionRecord> sessions;
    std::vector<ChannelRecord> channels;
    std::vector<HoldingRecord> holdings;
    std::size_t damaged = 0;
  };
  Contents contents();

  /// Nothing is left for a next broker.
  void unlink() noexcept { file_.unlink(); }

 private:
  ledger::Header& header() const noexcept {
    return *reinterpret_cast<ledger::Header*>(file_.data());
  }

  void forget_foreign_processes(std::vector<SessionRecord>& sessions);

  bool is_new_ = true;  // and nothing was put
  LedgerFile file_;
  LedgerTable<ledger::SessionEntry> sessions_;
  LedgerTable<ledger::ChannelEntry> channels_;
  LedgerTable<ledger::HoldingEntry> holdings_;
  std::unordered_map<std::uint64_t, std::uint32_t> session_at_;
  std::unordered_map<std::uint64_t, std::uint32_t> channel_at_;
  std::map<Holding, std::uint32_t> holding_at_;
};

}  // namespace busbar::daemon
