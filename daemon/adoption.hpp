#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/channel_plan.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/descriptor_store.hpp"
#include "daemon/ledger/ledger.hpp"
#include "daemon/session_table.hpp"

namespace busbar::daemon {

/// Takes over what the broker before has left, in the order of docs/adr/0020. What makes no sense
/// is set aside under another name with a word in the log, what nobody needs is removed. May be
/// killed and done again. Once, before anybody is let in; main thread only.
class Adoption {
 public:
  using Wanted = std::map<std::string, config::ChannelPlan>;

  /// `wanted`: the configured channels by name.
  Adoption(Ledger& ledger, ChannelRegistry& channels, SessionTable& sessions,
           DescriptorStore& store, const Wanted& wanted);

  void run();

 private:
  struct Client {
    SessionRecord record;
    Found found;
    bool adopted = false;
    std::vector<std::uint64_t> lost = {};
  };

  void sort_sessions(std::vector<SessionRecord> sessions);
  void sort_holdings(const std::vector<HoldingRecord>& holdings);
  void take_over(ChannelRecord record);
  bool is_wanted(ChannelRecord& record) const;
  bool has_members(std::uint64_t channel) const;
  struct Segments {
    shm::Segment ring, seats;
  };
  Segments open(const ChannelRecord& record);
  bool take_over_foreign(const ChannelRecord& record, Segments& segments);
  void discard(const ChannelRecord& record);
  void set_aside(const ChannelRecord& record, const std::string& why);
  void lose(std::uint64_t channel);
  void restore_places(const std::shared_ptr<Channel>& channel);
  void finish_unfinished(Channel& channel, std::vector<Place>& back);
  void keep_sessions();
  void report() const;

  Ledger& ledger_;
  ChannelRegistry& channels_;
  SessionTable& sessions_;
  DescriptorStore& store_;
  const Wanted& wanted_;

  std::unordered_map<std::uint64_t, Client> clients_;  // those that live, or may
  std::unordered_map<std::uint64_t, std::vector<HoldingRecord>> holdings_;  // by channel
  std::set<std::string> known_;  // segments that are somebody's
  std::size_t dead_ = 0;
  std::size_t aside_ = 0;
  std::size_t found_ = 0;  // entries of the ledger
};

}  // namespace busbar::daemon
