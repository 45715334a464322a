#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "client/src/attendance.hpp"
#include "client/src/connection.hpp"
#include "common/control/messages.hpp"
#include "common/ring/ring_view.hpp"
#include "common/shm/mapping.hpp"

namespace busbar {

/// A place on a channel as the broker granted it: both segments mapped and checked, the fence rule
/// kept. Gives the place back when it is destroyed, unless fork() has made it somebody else's.
class ChannelMapping {
 public:
  ChannelMapping(std::shared_ptr<Connection> connection, std::string channel, control::Role role);
  ChannelMapping(const ChannelMapping&) = delete;
  ChannelMapping& operator=(const ChannelMapping&) = delete;
  ~ChannelMapping();

  const ring::RingView& ring() const noexcept { return ring_; }
  std::uint32_t index() const noexcept { return index_; }
  const std::string& channel() const noexcept { return channel_; }
  WaitPolicy wait_policy() const noexcept { return connection_->wait_policy(); }
  /// One thread at a time: that of the place's owner.
  Attendance& attendance() noexcept { return *attendance_; }
  /// 0 in a forked child, for the process's life.
  const std::atomic<int>& alive() const noexcept { return connection_->fork_guard().alive(); }
  bool forked() const noexcept { return connection_->fork_guard().forked(); }
  void require_not_forked() const {
    if (forked()) [[unlikely]]
      throw_forked();
  }

 private:
  void attach(const std::vector<UniqueFd>& descriptors);
  void leave() noexcept;

  std::shared_ptr<Connection> connection_;
  std::string channel_;
  control::Role role_;
  std::uint64_t channel_id_ = 0;
  std::uint32_t index_ = 0;
  std::uint64_t grant_ = 0;
  std::uint32_t life_ = 0;  // of the registration that it was granted to
  shm::Mapping ring_mapping_;
  shm::Mapping seats_mapping_;
  ring::RingView ring_;
  std::optional<Attendance> attendance_;
};

}  // namespace busbar
