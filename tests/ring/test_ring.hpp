#pragma once

#include <sys/mman.h>

#include <cstring>
#include <string>

#include "common/base/unique_fd.hpp"
#include "common/ring/format.hpp"
#include "common/ring/holds.hpp"
#include "common/ring/join.hpp"
#include "common/ring/membership.hpp"
#include "common/ring/reader.hpp"
#include "common/ring/receiver.hpp"
#include "common/ring/writer.hpp"
#include "common/shm/mapping.hpp"

namespace busbar::test {

/// How the mutex names the tenant of a slot.
inline std::uint32_t mutex_owner(const ring::RingView& ring, std::uint32_t slot) {
  return layout::mutex_owner(slot, ring.slots[slot].word.load().generation());
}

/// As the broker; false if the ring is damaged, or a fellow is at it.
inline bool recover(const ring::RingView& ring, std::uint32_t slot) {
  return ring::recover_slot(ring, slot) == ring::Recovered::done;
}

/// A channel in this process's memory, mapped once (and doubled), as threads of one process share
/// it. The broker's part is played by grant/recover calls on `ring`.
class TestRing {
 public:
  explicit TestRing(ring::Settings wanted = {}) : settings(complete(wanted)) {
    ring_fd_ = memory(ring::ring_bytes(settings));
    seats_fd_ = memory(ring::seats_bytes(settings));
    ring_mapping_ = shm::Mapping::doubled(ring_fd_.get(), ring::ring_bytes(settings),
                                          layout::data_offset(settings.max_publishers),
                                          shm::Access::read_write);
    seats_mapping_ =
        shm::Mapping::plain(seats_fd_.get(), ring::seats_bytes(settings), shm::Access::read_write);
    ring::format(ring_mapping_.data(), seats_mapping_.data(), settings);
    ring = attach();
  }

  ring::RingView attach() const {
    return ring::view(ring_mapping_.data(), ring_mapping_.bytes(), seats_mapping_.data(),
                      seats_mapping_.bytes(),
                      ring_mapping_.data() + layout::data_offset(settings.max_publishers));
  }
  ring::Writer writer(std::uint32_t slot = 0) const {
    ring::grant_slot(ring, slot, {});
    return ring::Writer(ring, slot);
  }
  ring::Reader reader(std::uint32_t seat = 0, ring::JoinAt at = ring::JoinAt::oldest,
                      ring::SeatKind kind = ring::SeatKind::reliable) const {
    ring::grant_seat(ring, seat, {});
    return ring::Reader(ring, seat, ring::join(ring, seat, at, kind), kind);
  }
  ring::Receiver receiver(std::uint32_t seat = 0, ring::JoinAt at = ring::JoinAt::oldest,
                          ring::SeatKind kind = ring::SeatKind::reliable) const {
    ring::grant_seat(ring, seat, {});
    return ring::Receiver(ring, seat, at, kind);
  }
  std::byte* ring_segment() const { return ring_mapping_.data(); }
  std::byte* seats_segment() const { return seats_mapping_.data(); }

  ring::Settings settings;
  ring::RingView ring;

 private:
  static ring::Settings complete(ring::Settings wanted) {
    if (wanted.name.empty()) wanted.name = "test";
    wanted.channel_id = 42;
    if (wanted.capacity == 0) wanted.capacity = 4096;
    if (wanted.max_message == 0) wanted.max_message = wanted.capacity / 4;
    if (wanted.max_subscribers == 1) wanted.max_subscribers = 8;
    return wanted;
  }
  static UniqueFd memory(std::uint64_t bytes) {
    UniqueFd fd(::memfd_create("busbar-test", MFD_CLOEXEC));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) std::abort();
    return fd;
  }

  UniqueFd ring_fd_, seats_fd_;
  shm::Mapping ring_mapping_, seats_mapping_;
};

}  // namespace busbar::test
