// A pair of Unix sockets that keep messages apart, for each reader.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../measure.hpp"
#include "outgoing.hpp"
#include "system_error.hpp"

namespace {

using compare::Plan;

constexpr int kBatch = 256;

class Seqpacket {
  struct Ends {
    int read = -1;
    int write = -1;
  };

 public:
  explicit Seqpacket(const Plan& plan) {
    for (std::vector<Ends>& channel : pairs_) {
      for (int i = 0; i < plan.readers; ++i) channel.push_back(make(plan));
    }
  }
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(Seqpacket& peer, const Plan& plan, int channel, int)
        : pairs_(peer.pairs_[channel]),
          outgoing_(plan.size, plan.readers),
          flags_(plan.blocks() ? 0 : MSG_DONTWAIT) {}

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      return outgoing_.send(write, [&](std::size_t queue, const std::byte* data) {
        const ssize_t count = ::send(pairs_[queue].write, data, size, flags_);
        if (count < 0 && !compare::is_in_vain()) compare::fail("send");
        return count > 0;
      });
    }
    void flush() {}

   private:
    const std::vector<Ends>& pairs_;
    compare::Outgoing outgoing_;
    int flags_;
  };

  class Receiver {
   public:
    Receiver(Seqpacket& peer, const Plan& plan, int channel, int id)
        : socket_(peer.pairs_[channel][static_cast<std::size_t>(id)].read),
          buffer_(plan.size),
          blocks_(plan.blocks()) {}

    template <typename Visit>
    int poll(Visit&& visit) {
      for (int count = 0; count < kBatch; ++count) {
        const int flags = blocks_ && count == 0 ? 0 : MSG_DONTWAIT;
        const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), flags);
        if (got < 0 && !compare::is_in_vain()) compare::fail("recv");
        if (got <= 0) return count;
        visit(buffer_.data());
      }
      return kBatch;
    }

   private:
    int socket_;
    std::vector<std::byte> buffer_;
    bool blocks_;
  };

 private:
  static Ends make(const Plan& plan) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) compare::fail("socketpair");
    // The first is for root; the other is cut to net.core.wmem_max.
    const auto bytes = static_cast<int>(std::min<std::uint64_t>(plan.capacity, 1 << 28));
    for (const int option : {SO_SNDBUF, SO_SNDBUFFORCE}) {
      ::setsockopt(ends[1], SOL_SOCKET, option, &bytes, sizeof bytes);
    }
    return {ends[0], ends[1]};
  }

  std::vector<Ends> pairs_[2];
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<Seqpacket>("seqpacket", argc, argv);
}
