#include "daemon/patience.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <busbar/busbar.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "common/control/codec.hpp"
#include "common/control/packet_socket.hpp"
#include "daemon/broker.hpp"
#include "daemon/log.hpp"
#include "daemon/process_setup.hpp"
#include "tests/support/child.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

using control::Open;
using control::Role;
using test::Child;
using test::eventually;
using test::RawClient;
using namespace std::chrono_literals;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A broker in a process of its own that has as little patience as a test.
class ImpatientBroker {
 public:
  explicit ImpatientBroker(Patience patience) : process_([&] { serve(patience); }) {
    if (!eventually([this] { return answers(); })) throw std::runtime_error(text_of(log_));
  }

  const std::string& socket() const { return socket_; }
  std::string path(const std::string& name) const { return directory_.path(name); }
  const Child& process() const { return process_; }
  bool says(const std::string& text) const {
    return eventually([&] { return text_of(log_).find(text) != std::string::npos; });
  }

 private:
  void serve(Patience patience) const {
    if (std::freopen(log_.c_str(), "w", stderr) == nullptr) throw std::runtime_error(log_);
    set_up_log({"info", "stderr", "test"});
    set_up_process();
    Broker broker(
        {}, {socket_}, {}, [] { return config::Config(); }, patience);
    broker.run();
  }
  bool answers() const {
    try {
      RawClient probe(socket_);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  test::TemporaryDirectory directory_;
  std::string socket_ = directory_.path("control.sock");
  std::string log_ = directory_.path("log");
  Child process_;
};

TEST(Patience, EndsForWhoNeverSaysHello) {
  ImpatientBroker broker({.hello = 50ms});
  RawClient silent = RawClient::silent(broker.socket());
  EXPECT_TRUE(silent.wait_for_hangup());
  EXPECT_TRUE(broker.says("dropped: no hello within 50ms"));
}

TEST(Patience, EndsForWhoDoesNotReadDescriptors) {
  ImpatientBroker broker({.reading = 50ms});
  RawClient other(broker.socket(), "other");
  RawClient hoarder(broker.socket(), "hoarder");
  for (int i = 0; i < 3; ++i) hoarder.send_request(Open{"a", Role::subscriber});
  EXPECT_TRUE(broker.says("client \"hoarder\" (pid " + std::to_string(::getpid()) + ") (uid "));
  EXPECT_TRUE(broker.says("dropped: it has not read an answer within 50ms; what it holds stays"));
  EXPECT_TRUE(hoarder.wait_for_hangup());
  // It was given one place, and may still read that it was.
  EXPECT_EQ(other.ask(control::List{}).as<control::ChannelList>().channels.at(0).subscribers, 1u);
}

TEST(Patience, EndsForWhoLeavesNoRoomForAnswers) {
  ImpatientBroker broker({.room = 50ms});
  RawClient other(broker.socket(), "other");
  RawClient flood(broker.socket(), "flood");
  const std::string packet = control::encode(control::Request{1, control::Broker{}});
  // Until the broker has hung up: then sending fails.
  while (::send(flood.fd(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0 ||
         errno == EAGAIN) {
  }
  EXPECT_TRUE(broker.says("client \"flood\""));
  EXPECT_TRUE(broker.says("dropped: it has not read an answer within 50ms"));
  other.ask(control::List{}).as<control::ChannelList>();
}

TEST(Patience, DoesNotEndForWhoHasRead) {
  ImpatientBroker broker({.reading = 100ms});
  RawClient reader(broker.socket(), "reader");
  reader.ask(Open{"a", Role::subscriber}).as<control::Opened>();
  RawClient hoarder(broker.socket(), "hoarder");  // whose time begins later
  hoarder.send_request(Open{"a", Role::subscriber});
  ASSERT_TRUE(broker.says("client \"hoarder\""));
  reader.ask(Open{"a", Role::subscriber}).as<control::Opened>();
}

/// Asks for b when it is continued, publishes to a, and asks the broker that has dropped it.
void live_through_it(const ImpatientBroker& broker) {
  std::ofstream told(broker.path("told"));
  Bus bus =
      Bus::connect({.name = "stopped", .socket = broker.socket(), .timeout = test::kPatience});
  Publisher a = bus.publisher("a");
  ::raise(SIGSTOP);
  Subscriber b = bus.subscriber("b");
  told << "publishes: " << to_string(a.publish({}));
  told << "; receives: " << to_string(b.try_receive().outcome());
  told << "; sees " << bus.channels().size() << " channels." << std::flush;
}

TEST(Patience, LeavesAClientThatWasStoppedWhatItHas) {
  ImpatientBroker broker({.reading = 50ms});
  Bus bus = Bus::connect({.socket = broker.socket()});
  bus.create("b");
  Subscriber a = bus.subscriber("a");
  const Child client([&] { live_through_it(broker); });
  ASSERT_TRUE(client.stops());
  broker.process().signal(SIGSTOP);
  ASSERT_TRUE(broker.process().stops());
  client.signal(SIGCONT);
  ASSERT_TRUE(eventually([&] { return client.polls(); }));
  client.signal(SIGSTOP);
  ASSERT_TRUE(client.stops());
  broker.process().signal(SIGCONT);
  ASSERT_TRUE(broker.says("client \"stopped\""));
  client.signal(SIGCONT);
  EXPECT_TRUE(a.receive(test::kPatience));
  ASSERT_TRUE(eventually([&] { return text_of(broker.path("told")).ends_with("."); }));
  EXPECT_EQ(text_of(broker.path("told")), "publishes: ok; receives: empty; sees 2 channels.");
}

}  // namespace
}  // namespace busbar::daemon
