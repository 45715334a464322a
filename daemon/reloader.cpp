#include "daemon/reloader.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/rough_size.hpp"
#include "config/machine_memory.hpp"
#include "config/settings_resolver.hpp"

namespace busbar::daemon {
namespace {

constexpr std::chrono::seconds kLongestReading{10};
/// All that needs no look at the broker's state.
void read(WantedConfig& wanted, const std::function<config::Config()>& load) {
  wanted.config = load();
  const config::SettingsResolver resolver(wanted.config.defaults);
  for (const auto& configured : wanted.config.channels) {
    wanted.channels.push_back(resolver.resolve(configured.name, configured.settings));
  }
}

std::shared_ptr<ChannelMemory> memory_of(const config::ChannelPlan& plan, const SegmentNames& names,
                                         std::uint64_t epoch) {
  try {
    return std::make_shared<ChannelMemory>(plan, names.next(), epoch);
  } catch (const Error& error) {
    throw Error(error.errc(), "channel " + busbar::quoted(plan.ring.name) + ": " + error.what());
  }
}

}  // namespace

Reloader::Reloader(EventLoop& loop, Housekeeper& maker, ChannelRegistry& channels,
                   SessionTable& sessions, Quota& quota, const config::Config& config,
                   Callbacks callbacks)
    : loop_(loop),
      maker_(maker),
      channels_(channels),
      sessions_(sessions),
      quota_(quota),
      config_(config),
      callbacks_(std::move(callbacks)) {}

void Reloader::begin(Done done) {
  if (reading_ && EventLoop::Clock::now() - reading_since_ > kLongestReading) {
    return done(
        {}, std::make_exception_ptr(Error(Errc::in_use,
                                          "an earlier reload still reads the file or waits for the "
                                          "name service that knows its users; if it does not end, "
                                          "give numbers for names and restart the broker")));
  }
  waiting_.push_back(std::move(done));
  if (attempted_.empty()) start();
}

void Reloader::start() {
  attempted_ = std::exchange(waiting_, {});
  const auto attempt = std::make_shared<Attempt>();
  reading_since_ = EventLoop::Clock::now();
  guarded([&] {
    reading_.emplace(
        loop_, [attempt, load = callbacks_.load] { read(attempt->wanted, load); },
        [this, attempt](const std::exception_ptr& failure) { loaded(attempt, failure); });
  });
}

void Reloader::loaded(const std::shared_ptr<Attempt>& attempt, const std::exception_ptr& failure) {
  reading_.reset();
  if (failure) return finish({}, failure);
  guarded([&] { prepare(attempt); });
}

void Reloader::guarded(const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception&) {
    finish({}, std::current_exception());
  }
}

void Reloader::settle(const std::vector<std::shared_ptr<Channel>>& channels,
                      std::function<void()> then) {
  const auto left = std::make_shared<std::size_t>(1);
  const auto one_less = [this, left, then = std::move(then)] {
    if (--*left == 0) guarded(then);
  };
  for (const auto& channel : channels) {
    channels_.reclaim(channel, channel->left_places());
    if (!channel->busy()) continue;
    ++*left;
    channel->add_waiter([one_less](const std::exception_ptr&) { one_less(); });
  }
  one_less();
}

void Reloader::prepare(const std::shared_ptr<Attempt>& attempt) {
  const ReloadPlan plan = plan_reload(config_, attempt->wanted, channels_, sessions_);
  if (!plan.unsettled.empty()) return settle(plan.unsettled, [this, attempt] { prepare(attempt); });
  charge(*attempt, plan);
  make(attempt);
}

/// By the limit that is to come, if it is the higher one: it may be there for these channels.
void Reloader::charge(Attempt& attempt, const ReloadPlan& plan) {
  const std::uint64_t before = quota_.limit();
  const std::uint64_t after = config::memory_limit(attempt.wanted.config.limits);
  quota_.set_limit(std::max(before, after));
  try {
    for (const config::ChannelPlan& wanted : plan.make) {
      attempt.made.push_back({wanted, channels_.cost(wanted.ring, ::geteuid()), nullptr});
      attempt.made.back().plan.ring.channel_id = channels_.next_id();
    }
  } catch (...) {
    quota_.set_limit(before);
    throw;
  }
  quota_.set_limit(before);
  if (plan.make.empty() || quota_.used() <= after) return;
  throw Error(Errc::limit,
              "the channels would have " + rough_size_text(quota_.used()) +
                  " together, and limits.memory is " + rough_size_text(after) +
                  " (channels that are removed or made anew count until they are gone)");
}

void Reloader::make(const std::shared_ptr<Attempt>& attempt) {
  maker_.post({[attempt, names = channels_.segment_names(), epoch = channels_.epoch()] {
                 for (Made& made : attempt->made) made.memory = memory_of(made.plan, names, epoch);
               },
               [this, attempt](const std::exception_ptr& failure) {
                 if (!failure) return guarded([&] { commit(attempt); });
                 discard(*attempt);
                 finish({}, failure);
               }});
}

/// Unmapping takes long, so it is done where the memory was made.
void Reloader::discard(Attempt& attempt) {
  const auto memory = std::make_shared<std::vector<std::shared_ptr<ChannelMemory>>>();
  for (Made& made : attempt.made) memory->push_back(std::move(made.memory));
  maker_.post({[memory] { memory->clear(); }, [](const std::exception_ptr&) {}});
}

/// The world has gone on meanwhile: what was prepared has to be what is wanted still.
void Reloader::commit(const std::shared_ptr<Attempt>& attempt) {
  ReloadPlan plan;
  try {
    plan = plan_reload(config_, attempt->wanted, channels_, sessions_);
  } catch (...) {
    discard(*attempt);
    throw;
  }
  if (!plan.unsettled.empty()) return settle(plan.unsettled, [this, attempt] { commit(attempt); });
  const bool same = std::equal(plan.make.begin(), plan.make.end(), attempt->made.begin(),
                               attempt->made.end(), [](const auto& wanted, const Made& made) {
                                 return wanted.ring.name == made.plan.ring.name &&
                                        config::difference(wanted, made.plan).empty();
                               });
  if (!same) {
    discard(*attempt);
    throw Error(Errc::in_use, "channels came or went meanwhile; try again");
  }
  carry_out(*attempt, plan);
  finish(plan.changes, nullptr);
}

void Reloader::carry_out(Attempt& attempt, const ReloadPlan& plan) {
  for (const auto& channel : plan.remove) channels_.remove(channel);
  for (Made& made : attempt.made) {
    channels_.add(std::move(made.plan), std::move(made.cost), std::move(made.memory));
  }
  for (const config::ChannelPlan& wanted : plan.admit) {
    channels_.set_access(*channels_.find(wanted.ring.name), wanted.publish, wanted.subscribe);
  }
  callbacks_.apply(std::move(attempt.wanted.config));
}

void Reloader::finish(const Changes& changes, std::exception_ptr failure) {
  const std::vector<Done> attempted = std::exchange(attempted_, {});
  for (const Done& done : attempted) done(changes, failure);
  if (!waiting_.empty()) start();
}

}  // namespace busbar::daemon
