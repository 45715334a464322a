// The limit for several writers: slots of one size that are claimed by compare-and-swap, each with
// a sequence number that says whose turn it is. Nobody may die between claim and commit.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "../measure.hpp"
#include "../shared.hpp"

namespace {

using compare::Plan;

constexpr int kBatch = 64;
constexpr std::size_t kLine = 64;

/// The memory; each process keeps a copy of where it is.
class Slots {
 public:
  explicit Slots(const Plan& plan)
      : mask_(plan.slots() - 1),
        stride_((kLine + plan.size + 127) / 128 * 128),
        claimed_(compare::shared<Claimed>().position),
        first_(static_cast<std::byte*>(compare::shared_memory(plan.slots() * stride_))) {
    for (std::uint64_t at = 0; at <= mask_; ++at) turn(at) = at;
  }

  std::atomic<std::uint64_t>& claimed() { return claimed_; }
  std::atomic<std::uint64_t>& turn(std::uint64_t at) {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(first_ + (at & mask_) * stride_);
  }
  std::byte* payload(std::uint64_t at) { return first_ + (at & mask_) * stride_ + kLine; }
  std::uint64_t count() const { return mask_ + 1; }

 private:
  struct alignas(128) Claimed {
    std::atomic<std::uint64_t> position{0};
  };

  std::uint64_t mask_;
  std::size_t stride_;
  std::atomic<std::uint64_t>& claimed_;
  std::byte* first_;
};

class Claims {
 public:
  explicit Claims(const Plan& plan) : slots_(plan) {}
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(Claims& claims, const Plan&, int, int) : slots_(claims.slots_) {}

    template <typename Write>
    [[gnu::always_inline]] bool send(std::size_t, Write&& write) {
      std::uint64_t at = slots_.claimed().load(std::memory_order_relaxed);
      for (;;) {
        std::atomic<std::uint64_t>& turn = slots_.turn(at);
        const std::uint64_t seen = turn.load(std::memory_order_acquire);
        if (seen < at) return false;
        if (seen > at) {
          at = slots_.claimed().load(std::memory_order_relaxed);
        } else if (slots_.claimed().compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
          write(slots_.payload(at));
          turn.store(at + 1, std::memory_order_release);
          return true;
        }
      }
    }
    void flush() {}

   private:
    Slots slots_;
  };

  class Receiver {
   public:
    Receiver(Claims& claims, const Plan&, int, int) : slots_(claims.slots_) {}

    template <typename Visit>
    [[gnu::always_inline]] int poll(Visit&& visit) {
      for (int count = 0; count < kBatch; ++count, ++at_) {
        std::atomic<std::uint64_t>& turn = slots_.turn(at_);
        if (turn.load(std::memory_order_acquire) != at_ + 1) return count;
        visit(slots_.payload(at_));
        turn.store(at_ + slots_.count(), std::memory_order_release);
      }
      return kBatch;
    }

   private:
    Slots slots_;
    std::uint64_t at_ = 0;
  };

 private:
  Slots slots_;
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<Claims>("claims", argc, argv);
}
