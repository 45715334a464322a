// iceoryx with its daemon and memory pools as Debian installs them; lossless: the publisher waits
// for its consumers.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <string>
#include <thread>
#include <vector>

#include "../measure.hpp"
#include "../process.hpp"

namespace {

using compare::Plan;

constexpr int kBatch = 256;
constexpr std::size_t kLongestQueue = 256;  // that it allows

/// One service a channel; the process is registered with the first.
iox::capro::ServiceDescription service(int channel) {
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kOff,
                                                           iox::log::LogLevelOutput::kHideLogLevel);
  const std::string name = "compare-" + std::to_string(::getpid());
  iox::runtime::PoshRuntime::initRuntime(
      iox::RuntimeName_t(iox::cxx::TruncateToCapacity, name.c_str()));
  const std::string event = std::to_string(channel);
  return {"busbar", "compare", iox::capro::IdString_t(iox::cxx::TruncateToCapacity, event.c_str())};
}

template <typename Condition>
void wait_until(Condition&& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

class Iceoryx {
 public:
  explicit Iceoryx(const Plan& plan)
      : daemon_({plan.daemon.empty() ? "iox-roudi" : plan.daemon, "-l", "off"}) {}
  ~Iceoryx() { daemon_.terminate(); }
  Iceoryx(const Iceoryx&) = delete;
  Iceoryx& operator=(const Iceoryx&) = delete;
  std::vector<pid_t> pids() const { return {daemon_.pid()}; }

  class Sender {
   public:
    Sender(Iceoryx&, const Plan&, int channel, int) : publisher_(service(channel), options()) {
      wait_until([&] { return publisher_.hasSubscribers(); });
    }

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      bool sent = false;
      publisher_.loan(static_cast<std::uint32_t>(size)).and_then([&](auto& payload) {
        write(payload);
        publisher_.publish(payload);
        sent = true;
      });
      return sent;
    }
    void flush() {}

   private:
    static iox::popo::PublisherOptions options() {
      iox::popo::PublisherOptions options;
      options.historyCapacity = 0;
      options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
      return options;
    }

    iox::popo::UntypedPublisher publisher_;
  };

  class Receiver {
   public:
    Receiver(Iceoryx&, const Plan& plan, int channel, int)
        : subscriber_(service(channel), options(plan)), blocks_(plan.blocks()) {
      if (blocks_) {
        waiting_.attachState(subscriber_, iox::popo::SubscriberState::HAS_DATA).or_else([](auto) {
          throw std::runtime_error("iceoryx: attachState");
        });
      }
      if (plan.test != compare::Test::round_trip) wait_until([&] { return is_subscribed(); });
    }

    template <typename Visit>
    int poll(Visit&& visit) {
      int count = 0;
      for (bool more = true; more && count < kBatch;) {
        more = false;
        subscriber_.take().and_then([&](const void* payload) {
          visit(payload);
          subscriber_.release(payload);
          more = true;
          ++count;
        });
      }
      if (count == 0 && blocks_) waiting_.wait();
      return count;
    }

   private:
    static iox::popo::SubscriberOptions options(const Plan& plan) {
      iox::popo::SubscriberOptions options;
      options.queueCapacity = std::min(plan.slots(), kLongestQueue);
      options.historyRequest = 0;
      options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
      return options;
    }
    bool is_subscribed() const {
      return subscriber_.getSubscriptionState() == iox::SubscribeState::SUBSCRIBED;
    }

    iox::popo::UntypedSubscriber subscriber_;
    iox::popo::WaitSet<> waiting_;
    bool blocks_;
  };

 private:
  compare::Process daemon_;
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<Iceoryx>("iceoryx", argc, argv);
}
