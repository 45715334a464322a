// nng over ipc: pair, or push and pull for several writers. Its pub and sub drop messages, so it
// has nothing to compare for several readers.
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../measure.hpp"
#include "temporary_place.hpp"

namespace {

using compare::Plan;

constexpr int kBatch = 256;
constexpr std::size_t kMost = 8192;  // messages that it buffers

void expect(int error, const char* what) {
  if (error != 0) throw std::runtime_error(std::string(what) + ": " + nng_strerror(error));
}

bool is_in_vain(int error) {
  return error == NNG_EAGAIN || error == NNG_EINTR;
}

void buffer(nng_socket socket, const Plan& plan) {
  const auto most = static_cast<int>(std::min(plan.slots(), kMost));
  nng_socket_set_int(socket, NNG_OPT_SENDBUF, most);
  nng_socket_set_int(socket, NNG_OPT_RECVBUF, most);
  nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0);
}

class Nng {
 public:
  explicit Nng(const Plan& plan) {
    if (plan.readers > 1) throw std::invalid_argument("drops messages to several readers");
  }
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(Nng& peer, const Plan& plan, int channel, int)
        : flags_(plan.blocks() ? 0 : NNG_FLAG_NONBLOCK) {
      expect(plan.writers > 1 ? nng_push0_open(&socket_) : nng_pair0_open(&socket_), "open");
      buffer(socket_, plan);
      const std::string place = peer.place_.ipc(channel);
      while (nng_dial(socket_, place.c_str(), nullptr, 0) != 0) ::usleep(1000);
    }

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      if (message_ == nullptr) {
        expect(nng_msg_alloc(&message_, size), "nng_msg_alloc");
        write(nng_msg_body(message_));
      }
      const int error = nng_sendmsg(socket_, message_, flags_);
      if (is_in_vain(error)) return false;
      expect(error, "nng_sendmsg");
      message_ = nullptr;
      return true;
    }
    void flush() {}

   private:
    nng_socket socket_{};
    int flags_;
    nng_msg* message_ = nullptr;
  };

  class Receiver {
   public:
    Receiver(Nng& peer, const Plan& plan, int channel, int) : blocks_(plan.blocks()) {
      expect(plan.writers > 1 ? nng_pull0_open(&socket_) : nng_pair0_open(&socket_), "open");
      buffer(socket_, plan);
      expect(nng_listen(socket_, peer.place_.ipc(channel).c_str(), nullptr, 0), "nng_listen");
    }

    template <typename Visit>
    int poll(Visit&& visit) {
      for (int count = 0; count < kBatch; ++count) {
        nng_msg* message = nullptr;
        const int error =
            nng_recvmsg(socket_, &message, blocks_ && count == 0 ? 0 : NNG_FLAG_NONBLOCK);
        if (is_in_vain(error)) return count;
        expect(error, "nng_recvmsg");
        visit(nng_msg_body(message));
        nng_msg_free(message);
      }
      return kBatch;
    }

   private:
    nng_socket socket_{};
    bool blocks_;
  };

 private:
  compare::TemporaryPlace place_;
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<Nng>("nng", argc, argv);
}
