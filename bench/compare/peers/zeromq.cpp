// ZeroMQ over ipc: push and pull, or pub and sub without dropping for several readers. Messages are
// written and read in its own buffers.
#include <zmq.h>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "../measure.hpp"
#include "temporary_place.hpp"

namespace {

using compare::Plan;

constexpr int kBatch = 256;

void expect(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string(what) + ": " + zmq_strerror(zmq_errno()));
}

bool is_in_vain() {
  return zmq_errno() == EAGAIN || zmq_errno() == EINTR;
}

/// Of one process; left to the process's end.
void* open_socket(int kind, const Plan& plan) {
  static void* const context = zmq_ctx_new();
  void* const socket = zmq_socket(context, kind);
  expect(socket != nullptr, "zmq_socket");
  const auto most = static_cast<int>(plan.slots());
  zmq_setsockopt(socket, ZMQ_SNDHWM, &most, sizeof most);
  zmq_setsockopt(socket, ZMQ_RCVHWM, &most, sizeof most);
  return socket;
}

class ZeroMq {
 public:
  explicit ZeroMq(const Plan& plan) {
    if (plan.writers > 1 && plan.readers > 1) throw std::invalid_argument("not several to several");
  }
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(ZeroMq& peer, const Plan& plan, int channel, int)
        : socket_(open_socket(plan.readers > 1 ? ZMQ_XPUB : ZMQ_PUSH, plan)),
          flags_(plan.blocks() ? 0 : ZMQ_DONTWAIT) {
      const std::string place = peer.place_.ipc(channel);
      if (plan.readers > 1) {
        const int yes = 1;
        zmq_setsockopt(socket_, ZMQ_XPUB_NODROP, &yes, sizeof yes);
        zmq_setsockopt(socket_, ZMQ_XPUB_VERBOSE, &yes, sizeof yes);
        expect(zmq_bind(socket_, place.c_str()) == 0, "zmq_bind");
        char subscription[8];
        for (int i = 0; i < plan.readers; ++i) {
          expect(zmq_recv(socket_, subscription, sizeof subscription, 0) > 0, "zmq_recv");
        }
      } else {
        expect(zmq_connect(socket_, place.c_str()) == 0, "zmq_connect");
      }
    }

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      if (!filled_) {
        expect(zmq_msg_init_size(&message_, size) == 0, "zmq_msg_init_size");
        write(zmq_msg_data(&message_));
        filled_ = true;
      }
      const bool sent = zmq_msg_send(&message_, socket_, flags_) >= 0;
      expect(sent || is_in_vain(), "zmq_msg_send");
      if (sent) filled_ = false;
      return sent;
    }
    void flush() {}

   private:
    void* socket_;
    int flags_;
    zmq_msg_t message_{};
    bool filled_ = false;
  };

  class Receiver {
   public:
    Receiver(ZeroMq& peer, const Plan& plan, int channel, int)
        : socket_(open_socket(plan.readers > 1 ? ZMQ_SUB : ZMQ_PULL, plan)),
          blocks_(plan.blocks()) {
      const std::string place = peer.place_.ipc(channel);
      zmq_msg_init(&message_);
      if (plan.readers > 1) {
        zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0);
        expect(zmq_connect(socket_, place.c_str()) == 0, "zmq_connect");
      } else {
        expect(zmq_bind(socket_, place.c_str()) == 0, "zmq_bind");
      }
    }

    template <typename Visit>
    int poll(Visit&& visit) {
      for (int count = 0; count < kBatch; ++count) {
        const int flags = blocks_ && count == 0 ? 0 : ZMQ_DONTWAIT;
        if (zmq_msg_recv(&message_, socket_, flags) < 0) {
          expect(is_in_vain(), "zmq_msg_recv");
          return count;
        }
        visit(zmq_msg_data(&message_));
      }
      return kBatch;
    }

   private:
    void* socket_;
    zmq_msg_t message_{};
    bool blocks_;
  };

 private:
  compare::TemporaryPlace place_;
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<ZeroMq>("zeromq", argc, argv);
}
