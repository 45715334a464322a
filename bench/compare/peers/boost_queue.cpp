// A message_queue of Boost.Interprocess for each reader.
#include <unistd.h>

#include <boost/interprocess/ipc/message_queue.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "../measure.hpp"
#include "outgoing.hpp"

namespace {

using boost::interprocess::message_queue;
using compare::Plan;

constexpr int kBatch = 256;

class BoostQueue {
 public:
  explicit BoostQueue(const Plan& plan) {
    for (auto& channel : queues_) {
      for (int i = 0; i < plan.readers; ++i) channel.push_back(make(plan));
    }
  }
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(BoostQueue& peer, const Plan& plan, int channel, int)
        : queues_(peer.queues_[channel]),
          outgoing_(plan.size, plan.readers),
          blocks_(plan.blocks()) {}

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      return outgoing_.send(write, [&](std::size_t queue, const std::byte* data) {
        if (!blocks_) return queues_[queue]->try_send(data, size, 0);
        queues_[queue]->send(data, size, 0);
        return true;
      });
    }
    void flush() {}

   private:
    const std::vector<std::unique_ptr<message_queue>>& queues_;
    compare::Outgoing outgoing_;
    bool blocks_;
  };

  class Receiver {
   public:
    Receiver(BoostQueue& peer, const Plan& plan, int channel, int id)
        : queue_(*peer.queues_[channel][static_cast<std::size_t>(id)]),
          buffer_(plan.size),
          blocks_(plan.blocks()) {}

    template <typename Visit>
    int poll(Visit&& visit) {
      message_queue::size_type size = 0;
      unsigned priority = 0;
      for (int count = 0; count < kBatch; ++count) {
        if (blocks_ && count == 0) {
          queue_.receive(buffer_.data(), buffer_.size(), size, priority);
        } else if (!queue_.try_receive(buffer_.data(), buffer_.size(), size, priority)) {
          return count;
        }
        visit(buffer_.data());
      }
      return kBatch;
    }

   private:
    message_queue& queue_;
    std::vector<std::byte> buffer_;
    bool blocks_;
  };

 private:
  static std::unique_ptr<message_queue> make(const Plan& plan) {
    static int count = 0;
    const std::string name =
        "busbar-compare-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
    auto queue = std::make_unique<message_queue>(boost::interprocess::create_only, name.c_str(),
                                                 plan.slots(), plan.size);
    message_queue::remove(name.c_str());
    return queue;
  }

  std::vector<std::unique_ptr<message_queue>> queues_[2];
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<BoostQueue>("boost-queue", argc, argv);
}
