#pragma once

#include <unistd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "daemon/access_index.hpp"
#include "daemon/channel.hpp"
#include "daemon/complaints.hpp"
#include "daemon/descriptor_store.hpp"
#include "daemon/holding.hpp"
#include "daemon/housekeeper.hpp"
#include "daemon/ledger/ledger.hpp"
#include "daemon/quota.hpp"
#include "daemon/segment_names.hpp"

namespace busbar::daemon {

/// All channels, and the only one that has the housekeeper work on them: one task a channel at a
/// time. Main thread only; outlives its housekeeper's tasks' `done`, not their `work`.
class ChannelRegistry {
 public:
  using Names = std::map<std::string, std::shared_ptr<Channel>>;
  struct Callbacks {
    /// A session no longer holds this.
    std::function<void(std::uint64_t session, const Holding&)> released;
    /// Descriptors and memory have become free.
    std::function<void()> freed;
    /// A fellow is mending what a dead publisher has left: reclaim_unmended() in a moment.
    std::function<void()> unmended;
  };

  ChannelRegistry(Housekeeper& maker, Housekeeper& mender, Quota& quota, UserShares& shares,
                  Complaints& complaints, Complaints& notes, Ledger& ledger, DescriptorStore& store,
                  SegmentNames names, std::uint32_t limit, Callbacks callbacks);

  /// Nothing if there is no channel of this name.
  std::shared_ptr<Channel> find(const std::string& name) const;
  /// Closed channels that still have members too.
  std::shared_ptr<Channel> find(std::uint64_t id) const;
  const Names& names() const noexcept { return by_name_; }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(by_name_.size()); }
  std::uint32_t limit() const noexcept { return limit_; }
  void set_limit(std::uint32_t limit) noexcept { limit_ = limit; }
  const SegmentNames& segment_names() const noexcept { return segment_names_; }
  std::uint64_t epoch() const noexcept { return ledger_.epoch(); }
  /// Whom the lists of any channel admit.
  const AccessIndex& admitted() const noexcept { return admitted_; }

  /// Takes what a channel will cost `user` out of the limits. Throws Errc::limit.
  ChannelCost cost(const ring::Settings& settings, uid_t user);

  /// Begins to create a channel of a new name for `user`; it is busy until that is done. Throws
  /// Errc::limit.
  std::shared_ptr<Channel> create(config::ChannelPlan plan, uid_t user, Origin origin);
  /// The same with memory that is there already, formatted for a number of next_id().
  std::shared_ptr<Channel> add(config::ChannelPlan plan, ChannelCost cost,
                               std::shared_ptr<ChannelMemory> memory);
  std::uint64_t next_id() noexcept { return ledger_.next_channel(); }

  /// One that an earlier broker has made, as the ledger has it, whatever the limits are.
  std::shared_ptr<Channel> adopt(const ChannelRecord& record,
                                 std::shared_ptr<ChannelMemory> memory);

  /// The same for one that this broker cannot serve: it keeps its name until its last member is
  /// gone, and is then made anew by whoever wants it.
  std::shared_ptr<Channel> adopt(const ChannelRecord& record,
                                 std::shared_ptr<ForeignMemory> memory);

  /// Gives a place that is free to a member: in the ledger, then in the segment. Returns the number
  /// of the grant. Throws Errc::limit.
  std::uint64_t grant(Channel& channel, Place place, const ring::Member& member);

  /// Frees places whose holders have left or are dead, as soon as the channel is not busy.
  void reclaim(const std::shared_ptr<Channel>& channel, std::span<const Place> places);

  /// The same once more for places that could not be freed yet.
  void reclaim_unmended();

  /// For who opens it from now on; members keep their places.
  void set_access(Channel& channel, control::Access publish, control::Access subscribe);

  /// Takes the name away and tells the members. Only if it is not busy.
  void remove(const std::shared_ptr<Channel>& channel);
  /// The same for one whose memory makes no sense.
  void close_damaged(const std::shared_ptr<Channel>& channel);

  /// Closes channels whose memory a member has cut short.
  void close_torn();

  using Lives = std::function<bool(std::uint64_t session)>;
  /// At the end: channels with members that live stay for the next broker. Returns how many.
  std::size_t leave_behind(const Lives& lives);

 private:
  std::shared_ptr<Channel> add(config::ChannelPlan plan, ChannelCost cost,
                               std::shared_ptr<ChannelMemory> memory, Creator creator);
  void created(const std::shared_ptr<Channel>& channel, std::shared_ptr<ChannelMemory> memory,
               std::exception_ptr failure);
  void begin_reclaim(const std::shared_ptr<Channel>& channel);
  void reclaimed(const std::shared_ptr<Channel>& channel, const std::vector<Place>& places,
                 bool sound);
  void reclaim_later(const std::shared_ptr<Channel>& channel, std::vector<Place> places);
  void tell_created(const Channel& channel);
  void tell_settled(const Channel& channel);
  void settle(const std::shared_ptr<Channel>& channel);
  void close_torn(const std::shared_ptr<Channel>& channel);
  void release_foreign(const std::shared_ptr<Channel>& channel, std::vector<Place> places);
  void released_foreign(const std::shared_ptr<Channel>& channel, const std::vector<Place>& places);
  void keep_descriptors(const Channel& channel);
  void note_down(const Channel& channel) noexcept;
  void forget_record(const Channel& channel);
  bool can_outlive(const Channel& channel) const;
  void take_name(Channel& channel);
  void forget(const std::shared_ptr<Channel>& channel);

  Housekeeper& maker_;
  Housekeeper& mender_;
  Quota& quota_;
  UserShares& shares_;
  Complaints& complaints_;
  Complaints& notes_;
  Ledger& ledger_;
  DescriptorStore& store_;
  SegmentNames segment_names_;
  std::uint32_t limit_;
  Callbacks callbacks_;
  bool told_unkept_ = false;
  AccessIndex admitted_;
  std::vector<std::pair<std::shared_ptr<Channel>, std::vector<Place>>> unmended_;
  Names by_name_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Channel>> by_id_;
};

}  // namespace busbar::daemon
