#include "client/src/channel_mapping.hpp"

#include "common/base/crash_point.hpp"
#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/layout/geometry.hpp"
#include "common/ring/format.hpp"
#include "common/ring/join.hpp"
#include "common/sync/fence.hpp"

namespace busbar {
namespace {

using namespace control;

/// Whole segment first, then a checked copy of the offset: where the doubled part begins.
std::uint64_t checked_data_offset(const UniqueFd& ring, const UniqueFd& seats) {
  const auto ring_once =
      shm::Mapping::plain(ring.get(), shm::segment_size(ring.get()), shm::Access::read_only);
  const auto seats_once =
      shm::Mapping::plain(seats.get(), shm::segment_size(seats.get()), shm::Access::read_only);
  const ring::RingView view =
      ring::view(ring_once.data(), ring_once.bytes(), seats_once.data(), seats_once.bytes());
  return layout::data_offset(view.max_publishers);
}

}  // namespace

ChannelMapping::ChannelMapping(std::shared_ptr<Connection> connection, std::string channel,
                               Role role)
    : connection_(std::move(connection)), channel_(std::move(channel)), role_(role) {
  require_channel_name(channel_);
  Connection::Answer answer = connection_->ask(Open{channel_, role_});
  const auto* opened = std::get_if<Opened>(&answer.body);
  if (opened == nullptr || answer.descriptors.size() != 2) {
    throw Error(Errc::protocol, "the broker's reply to open has no descriptors");
  }
  channel_id_ = opened->channel_id;
  index_ = opened->index;
  grant_ = opened->grant;
  life_ = answer.life;
  BUSBAR_CRASH_POINT("open.answered");
  try {
    attach(answer.descriptors);
    attendance_.emplace(*connection_, ring_, Leave{channel_id_, role_, index_, grant_}, life_);
    BUSBAR_CRASH_POINT("open.attached");
  } catch (...) {
    connection_->tell(Leave{channel_id_, role_, index_, grant_}, life_);
    throw;
  }
}

void ChannelMapping::attach(const std::vector<UniqueFd>& descriptors) {
  const UniqueFd& ring = descriptors[0];
  const UniqueFd& seats = descriptors[1];
  const std::uint64_t data_offset = checked_data_offset(ring, seats);
  const auto access = role_ == Role::publisher ? shm::Access::read_write : shm::Access::read_only;
  const auto tables = connection_->prefault() ? shm::Tables::filled : shm::Tables::as_touched;
  ring_mapping_ =
      shm::Mapping::doubled(ring.get(), shm::segment_size(ring.get()), data_offset, access, tables);
  seats_mapping_ =
      shm::Mapping::plain(seats.get(), shm::segment_size(seats.get()), shm::Access::read_write);
  ring_ = ring::view(ring_mapping_.data(), ring_mapping_.bytes(), seats_mapping_.data(),
                     seats_mapping_.bytes(), ring_mapping_.data() + data_offset);
  const std::uint32_t places =
      role_ == Role::publisher ? ring_.max_publishers : ring_.max_subscribers;
  if (index_ >= places) throw Error(Errc::protocol, "the broker granted a place that is not there");
  // Both halves: who may be interrupted by others' fences but not send its own would sleep through
  // a commit.
  if (ring_.fence_rule == layout::FenceRule::membarrier &&
      sync::best_fence_rule() != layout::FenceRule::membarrier) {
    throw Error(Errc::refused, "channel " + quoted(channel_) +
                                   " relies on membarrier, which this process may not use; allow "
                                   "it (seccomp), or create the channel with fences \"full\"");
  }
}

ChannelMapping::~ChannelMapping() {
  if (!forked()) leave();
}

void ChannelMapping::leave() noexcept {
  if (role_ == Role::publisher) {
    ring::leave_slot(ring_, index_);
  } else {
    ring::leave_seat(ring_, index_);
  }
  connection_->tell(Leave{channel_id_, role_, index_, grant_}, life_);
  BUSBAR_CRASH_POINT("leave.told");
}

}  // namespace busbar
