// Busbar through its installed headers alone, with a broker of this program's own.
#include <busbar/busbar.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../private_broker.hpp"
#include "../measure.hpp"

namespace {

using compare::Plan;

constexpr int kBatch = 256;

std::string name_of(int channel) {
  return "compare-" + std::to_string(channel);
}

/// Waits as the policy of the seat says; true if something may be there.
template <typename Subscriber, typename Visit>
int wait(Subscriber& subscriber, Visit& visit) {
  if constexpr (requires { subscriber.wait(); }) {
    subscriber.wait();
    return 0;
  } else {
    const busbar::Message message = subscriber.receive();
    if (!message) throw std::runtime_error("receive: " + std::string(to_string(message.outcome())));
    visit(message.payload().data());
    return 1;
  }
}

class Busbar {
 public:
  explicit Busbar(const Plan& plan)
      : broker_(plan.daemon.empty() ? BUSBARD_PATH : plan.daemon.c_str()),
        prefault_(plan.prefault) {
    busbar::Bus bus = connect("compare-set-up");
    const int channels = plan.test == compare::Test::round_trip ? 2 : plan.channels;
    busbar::ChannelOptions options{.capacity = plan.capacity};
    if (plan.size >= 1024) options.alignment = 64;  // as docs/performance.md says
    if (plan.size > plan.capacity / 4) options.max_message = plan.size;
    options.max_publishers = static_cast<std::uint32_t>(plan.writers);
    options.max_subscribers = 64;
    for (int channel = 0; channel < channels; ++channel) bus.create(name_of(channel), options);
  }

  busbar::Bus connect(const char* name) const {
    return busbar::Bus::connect({.name = name, .socket = broker_.socket(), .prefault = prefault_});
  }
  std::vector<pid_t> pids() const { return {broker_.pid()}; }

  class Sender {
   public:
    Sender(Busbar& peer, const Plan& plan, int first, int)
        : bus_(peer.connect("compare-write")), blocks_(plan.blocks()) {
      for (int i = 0; i < plan.channels; ++i) {
        publishers_.push_back(bus_.publisher(name_of(first + i)));
      }
      turn_ = publishers_.begin();
      takes_turns_ = publishers_.size() > 1;
    }

    // Inlined, as it would be where a program sends.
    template <typename Write>
    [[gnu::always_inline]] bool send(std::size_t size, Write&& write) {
      busbar::Publisher& publisher = *turn_;
      auto claim = blocks_ ? publisher.claim(size) : publisher.try_claim(size);
      if (!claim) return false;
      write(claim.data());
      claim.commit();
      if (takes_turns_) next();
      return true;
    }
    void flush() {}

   private:
    void next() {
      if (++turn_ == publishers_.end()) turn_ = publishers_.begin();
    }

    busbar::Bus bus_;
    std::vector<busbar::Publisher> publishers_;
    std::vector<busbar::Publisher>::iterator turn_;
    bool takes_turns_ = false;  // one channel costs nothing for others
    bool blocks_;
  };

  class Receiver {
   public:
    Receiver(Busbar& peer, const Plan& plan, int first, int)
        : bus_(peer.connect("compare-read")), blocks_(plan.blocks()), single_(plan.single) {
      for (int i = 0; i < plan.channels; ++i) {
        subscribers_.push_back(bus_.subscriber(name_of(first + i)));
      }
    }

    template <typename Visit>
    int poll(Visit&& visit) {
      int count = 0;
      for (busbar::Subscriber& subscriber : subscribers_) {
        count += single_ ? receive(subscriber, visit) : poll_one(subscriber, visit);
      }
      if (count == 0 && blocks_ && !single_ && subscribers_.size() == 1) {
        return wait(subscribers_[0], visit);
      }
      return count;
    }

   private:
    template <typename Visit>
    int poll_one(busbar::Subscriber& subscriber, Visit& visit) {
      return subscriber.poll(
          [&](const busbar::Message& message) { visit(message.payload().data()); }, kBatch);
    }
    template <typename Visit>
    int receive(busbar::Subscriber& subscriber, Visit& visit) {
      const auto message = blocks_ ? subscriber.receive() : subscriber.try_receive();
      if (message) visit(message.payload().data());
      return message ? 1 : 0;
    }

    busbar::Bus bus_;
    std::vector<busbar::Subscriber> subscribers_;
    bool blocks_;
    bool single_;
  };

 private:
  bench::PrivateBroker broker_;
  bool prefault_;
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<Busbar>("busbar", argc, argv);
}
