#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "../plan.hpp"
#include "../shared.hpp"
#include "../ticks.hpp"

namespace compare {

/// The limit for one writer: a ring of slots of one size between one writer and readers that all
/// gate it, and nothing else. Each side publishes its index once a batch and keeps a copy of the
/// other's. Nobody may die, join later or be slow to answer; no message is longer than a slot.
class Ring {
  static constexpr int kMostReaders = 64;
  static constexpr int kTriesBeforeSleep = 20;

  struct alignas(128) Index {
    std::atomic<std::uint64_t> at{0};
  };
  /// Where one side sleeps, the other rings.
  struct alignas(128) Bell {
    std::atomic<std::uint32_t> rings{0};
    std::atomic<std::uint32_t> sleepers{0};

    [[gnu::always_inline]] void ring() {
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (sleepers.load(std::memory_order_relaxed) == 0) return;
      rings.fetch_add(1);
      ::syscall(SYS_futex, &rings, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    }
    /// Sleeps unless `ready`, at most 100 ms.
    template <typename Ready>
    [[gnu::always_inline]] void sleep(Ready&& ready) {
      const std::uint32_t seen = rings.load();
      sleepers.fetch_add(1);
      const timespec longest{0, 100'000'000};
      if (!ready()) ::syscall(SYS_futex, &rings, FUTEX_WAIT, seen, &longest, nullptr, 0);
      sleepers.fetch_sub(1);
    }
  };
  struct Indices {
    Index head;
    Bell data;
    Bell room;
    Index tails[kMostReaders];
  };
  struct Lane {
    Indices* indices;
    std::byte* slots;
  };

 public:
  explicit Ring(const Plan& plan) : mask_(plan.slots() - 1) {
    for (Lane& lane : lanes_) {
      lane.indices = new (shared_memory(sizeof(Indices))) Indices;
      lane.slots = static_cast<std::byte*>(shared_memory(plan.slots() * plan.size));
    }
  }
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(Ring& ring, const Plan& plan, int channel, int)
        : lane_(ring.lanes_[channel]),
          mask_(ring.mask_),
          batch_(static_cast<std::uint64_t>(plan.batch)),
          readers_(plan.readers),
          blocks_(plan.blocks()) {}

    template <typename Write>
    [[gnu::always_inline]] bool send(std::size_t size, Write&& write) {
      if (head_ - lowest_ > mask_ && !has_room()) return false;
      write(lane_.slots + (head_ & mask_) * size);
      if (++head_ - published_ >= batch_) flush();
      return true;
    }
    [[gnu::always_inline]] void flush() {
      if (head_ == published_) return;
      published_ = head_;
      lane_.indices->head.at.store(head_, std::memory_order_release);
      if (blocks_) lane_.indices->data.ring();
    }

   private:
    [[gnu::always_inline]] bool look() {
      lowest_ = UINT64_MAX;
      for (int i = 0; i < readers_; ++i) {
        lowest_ = std::min(lowest_, lane_.indices->tails[i].at.load(std::memory_order_acquire));
      }
      return head_ - lowest_ <= mask_;
    }
    [[gnu::always_inline]] bool has_room() {
      if (look()) return true;
      flush();
      if (!blocks_) return false;
      for (int i = 0; i < kTriesBeforeSleep; ++i) {
        pause();
        if (look()) return true;
      }
      lane_.indices->room.sleep([&] { return look(); });
      return look();
    }

    Lane lane_;
    std::uint64_t mask_;
    std::uint64_t batch_;
    int readers_;
    bool blocks_;
    std::uint64_t head_ = 0;
    std::uint64_t published_ = 0;
    std::uint64_t lowest_ = 0;
  };

  class Receiver {
   public:
    Receiver(Ring& ring, const Plan& plan, int channel, int id)
        : lane_(ring.lanes_[channel]),
          tail_(lane_.indices->tails[id].at),
          mask_(ring.mask_),
          size_(plan.size),
          batch_(static_cast<std::uint64_t>(plan.batch)),
          blocks_(plan.blocks()) {}

    template <typename Visit>
    [[gnu::always_inline]] int poll(Visit&& visit) {
      if (!look() && !wait()) return 0;
      const auto count = static_cast<int>(head_ - at_);
      while (at_ != head_) {
        visit(lane_.slots + (at_ & mask_) * size_);
        if (++at_ - published_ >= batch_) publish();
      }
      return count;
    }

   private:
    [[gnu::always_inline]] bool look() {
      head_ = lane_.indices->head.at.load(std::memory_order_acquire);
      return head_ != at_;
    }
    [[gnu::always_inline]] bool wait() {
      if (at_ != published_) publish();
      if (!blocks_) return false;
      for (int i = 0; i < kTriesBeforeSleep; ++i) {
        pause();
        if (look()) return true;
      }
      lane_.indices->data.sleep([&] { return look(); });
      return look();
    }
    [[gnu::always_inline]] void publish() {
      published_ = at_;
      tail_.store(at_, std::memory_order_release);
      if (blocks_) lane_.indices->room.ring();
    }

    Lane lane_;
    std::atomic<std::uint64_t>& tail_;
    std::uint64_t mask_;
    std::size_t size_;
    std::uint64_t batch_;
    bool blocks_;
    std::uint64_t at_ = 0;
    std::uint64_t head_ = 0;
    std::uint64_t published_ = 0;
  };

 private:
  std::uint64_t mask_;
  Lane lanes_[2];
};

}  // namespace compare
