// A POSIX message queue for each reader.
#include <mqueue.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "../measure.hpp"
#include "outgoing.hpp"
#include "system_error.hpp"

namespace {

using compare::Plan;

constexpr int kBatch = 256;
constexpr std::size_t kMost = 1024;  // messages; the kernel allows 65536
constexpr std::size_t kUsual = 10;   // where nobody has raised fs.mqueue.msg_max

class PosixMq {
 public:
  explicit PosixMq(const Plan& plan) {
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_MSGQUEUE, &all);
    for (std::vector<mqd_t>& channel : queues_) {
      for (int i = 0; i < plan.readers; ++i) channel.push_back(make(plan));
    }
  }
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(PosixMq& peer, const Plan& plan, int channel, int)
        : queues_(peer.queues_[channel]), outgoing_(plan.size, plan.readers) {}

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      return outgoing_.send(write, [&](std::size_t queue, const std::byte* data) {
        const bool sent =
            ::mq_send(queues_[queue], reinterpret_cast<const char*>(data), size, 0) == 0;
        if (!sent && !compare::is_in_vain()) compare::fail("mq_send");
        return sent;
      });
    }
    void flush() {}

   private:
    const std::vector<mqd_t>& queues_;
    compare::Outgoing outgoing_;
  };

  class Receiver {
   public:
    Receiver(PosixMq& peer, const Plan& plan, int channel, int id)
        : queue_(peer.queues_[channel][static_cast<std::size_t>(id)]),
          buffer_(plan.size),
          most_(plan.blocks() ? 1 : kBatch) {}

    template <typename Visit>
    int poll(Visit&& visit) {
      for (int count = 0; count < most_; ++count) {
        const ssize_t got = ::mq_receive(queue_, buffer_.data(), buffer_.size(), nullptr);
        if (got < 0 && !compare::is_in_vain()) compare::fail("mq_receive");
        if (got < 0) return count;
        visit(buffer_.data());
      }
      return most_;
    }

   private:
    mqd_t queue_;
    std::vector<char> buffer_;
    int most_;
  };

 private:
  static mqd_t make(const Plan& plan) {
    static int count = 0;
    const std::string name =
        "/busbar-compare-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
    for (const std::size_t most : {std::min(plan.slots(), kMost), kUsual}) {
      mq_attr attributes{};
      attributes.mq_maxmsg = static_cast<long>(most);
      attributes.mq_msgsize = static_cast<long>(plan.size);
      const int flags = O_RDWR | O_CREAT | O_EXCL | (plan.blocks() ? 0 : O_NONBLOCK);
      const mqd_t queue = ::mq_open(name.c_str(), flags, 0600, &attributes);
      if (queue == static_cast<mqd_t>(-1)) continue;
      ::mq_unlink(name.c_str());
      return queue;
    }
    compare::fail("mq_open");
  }

  std::vector<mqd_t> queues_[2];
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<PosixMq>("posix-mq", argc, argv);
}
