#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/ring/membership.hpp"
#include "config/channel_plan.hpp"
#include "daemon/channel_memory.hpp"
#include "daemon/creator.hpp"
#include "daemon/foreign_memory.hpp"
#include "daemon/ledger/records.hpp"
#include "daemon/place.hpp"
#include "daemon/quota.hpp"
#include "daemon/user_shares.hpp"

namespace busbar::daemon {

/// What is to happen when the housekeeper is done with a channel; with why the channel could not
/// be created, if so.
using Waiter = std::function<void(std::exception_ptr failure)>;

/// What a channel takes of the limits, given back with it.
struct ChannelCost {
  Quota::Charge charge = {};
  UserShares::Portion portion = {};
};

/// One channel: its memory and who holds which place. The table of holders is the broker's own;
/// what members write into the segments never decides who holds what. Main thread only, except that
/// while busy() the memory belongs to the housekeeper.
class Channel {
 public:
  Channel(config::ChannelPlan plan, ChannelCost cost, Creator creator);

  const Creator& creator() const noexcept { return creator_; }
  const config::ChannelPlan& plan() const noexcept { return plan_; }
  const ring::Settings& settings() const noexcept { return plan_.ring; }
  const std::string& name() const noexcept { return plan_.ring.name; }
  std::uint64_t id() const noexcept { return plan_.ring.channel_id; }
  std::uint64_t memory_bytes() const noexcept { return cost_.charge.bytes(); }

  /// As the ledger has it.
  ChannelRecord record() const;

  /// By the registry only.
  void set_access(control::Access publish, control::Access subscribe);

  /// Null while it is being created.
  const std::shared_ptr<ChannelMemory>& memory() const noexcept { return memory_; }
  void set_memory(std::shared_ptr<ChannelMemory> memory) { memory_ = std::move(memory); }
  /// For the housekeeper: unmapping may take long.
  std::shared_ptr<ChannelMemory> take_memory() noexcept { return std::move(memory_); }

  /// Null unless it has a layout that this broker cannot serve; then there is no memory().
  const std::shared_ptr<ForeignMemory>& foreign() const noexcept { return foreign_; }
  void set_foreign(std::shared_ptr<ForeignMemory> memory) { foreign_ = std::move(memory); }

  /// The housekeeper is at work on it.
  bool busy() const noexcept { return busy_; }
  void set_busy(bool busy) noexcept { busy_ = busy; }
  /// Removed or damaged: it has no name any more and stays until its last member is gone.
  bool closed() const noexcept { return closed_; }
  void set_closed() noexcept { closed_ = true; }

  std::uint32_t places(control::Role role) const noexcept;
  std::uint32_t held(control::Role role) const noexcept;
  bool has_members() const noexcept;
  /// The session that holds a place; 0: nobody, or no such place.
  std::uint64_t holder(Place place) const noexcept;
  /// Holds what a dead client of an earlier broker held, until that is taken back.
  static constexpr std::uint64_t kGone = ~std::uint64_t{0};
  std::optional<Place> free_place(control::Role role) const noexcept;
  std::vector<Place> held_places() const;
  /// Whether the segment says that the member is done with the place.
  bool left(Place place) const;
  std::vector<Place> left_places() const;

  /// `number` is that of the grant: never the same twice.
  void grant(Place place, const ring::Member& member, std::uint64_t number);
  /// What an earlier broker has granted.
  void restore(Place place, std::uint64_t session, std::uint64_t number);
  /// The number of the last grant of a place.
  std::uint64_t last_grant(Place place) const noexcept;
  void release(Place place) noexcept;

  /// Places that are to be freed once the housekeeper has time.
  void want_back(Place place);
  std::vector<Place> take_wanted() noexcept { return std::exchange(wanted_, {}); }

  void add_waiter(Waiter waiter) { waiters_.push_back(std::move(waiter)); }
  std::vector<Waiter> take_waiters() noexcept { return std::exchange(waiters_, {}); }

 private:
  std::vector<std::uint64_t>& holders(control::Role role) noexcept;
  const std::vector<std::uint64_t>& holders(control::Role role) const noexcept;

  config::ChannelPlan plan_;
  ChannelCost cost_;
  Creator creator_;
  std::shared_ptr<ChannelMemory> memory_;
  std::shared_ptr<ForeignMemory> foreign_;
  std::vector<std::uint64_t> slot_holders_;
  std::vector<std::uint64_t> seat_holders_;
  std::map<Place, std::uint64_t> last_grants_;
  std::vector<Place> wanted_;
  std::vector<Waiter> waiters_;
  bool busy_ = false;
  bool closed_ = false;
};

}  // namespace busbar::daemon
