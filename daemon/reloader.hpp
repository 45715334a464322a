#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/errand.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/housekeeper.hpp"
#include "daemon/quota.hpp"
#include "daemon/reload_plan.hpp"
#include "daemon/session_table.hpp"

namespace busbar::daemon {

/// Puts a new configuration in the place of the one in force: all of it or nothing. What may fail
/// or take long (reading the file, looking up names, making memory) is done beforehand and beside
/// the main loop; the change itself is one step of it. Main thread only.
class Reloader {
 public:
  using Changes = std::vector<std::string>;
  /// Either what has changed or why nothing has.
  using Done = std::function<void(const Changes&, std::exception_ptr failure)>;

  struct Callbacks {
    /// Reads the configuration anew; on a thread of its own, which may be left behind.
    std::function<config::Config()> load;
    /// Makes the configuration the one in force, but for the channels.
    std::function<void(config::Config)> apply;
  };

  Reloader(EventLoop& loop, Housekeeper& maker, ChannelRegistry& channels, SessionTable& sessions,
           Quota& quota, const config::Config& config, Callbacks callbacks);

  /// Calls `done` when it is over. One that is asked for while another is under way comes after it,
  /// unless that one hangs: then it fails at once.
  void begin(Done done);

 private:
  struct Made {
    config::ChannelPlan plan;
    ChannelCost cost;
    std::shared_ptr<ChannelMemory> memory;
  };
  /// One attempt. Shared with the housekeeper's tasks; each field belongs to one side at a time.
  struct Attempt {
    WantedConfig wanted;
    std::vector<Made> made;
  };

  void start();
  void prepare(const std::shared_ptr<Attempt>& attempt);
  void charge(Attempt& attempt, const ReloadPlan& plan);
  void make(const std::shared_ptr<Attempt>& attempt);
  void commit(const std::shared_ptr<Attempt>& attempt);
  void discard(Attempt& attempt);
  void carry_out(Attempt& attempt, const ReloadPlan& plan);
  void loaded(const std::shared_ptr<Attempt>& attempt, const std::exception_ptr& failure);
  void settle(const std::vector<std::shared_ptr<Channel>>& channels, std::function<void()> then);
  void finish(const Changes& changes, std::exception_ptr failure);
  /// Runs a step; what it throws ends the attempt.
  void guarded(const std::function<void()>& step);

  EventLoop& loop_;
  Housekeeper& maker_;
  ChannelRegistry& channels_;
  SessionTable& sessions_;
  Quota& quota_;
  const config::Config& config_;
  Callbacks callbacks_;
  std::optional<Errand> reading_;
  EventLoop::Clock::time_point reading_since_;
  std::vector<Done> waiting_;    // for the attempt to come
  std::vector<Done> attempted_;  // for the one under way
};

}  // namespace busbar::daemon
