#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

std::string text(const Message& message) {
  const auto payload = message.payload();
  return std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
}

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void expect(bool so, const char* what) {
  if (!so) throw std::runtime_error(what);
}

class HeldUp : public testing::Test {
 protected:
  /// Stops itself with a claim open, and commits it when it is continued.
  Child stopped_publisher(const std::string& channel) {
    Child child([this, channel] {
      auto own = broker.connect("feed");
      auto publisher = own.publisher(channel);
      auto claim = publisher.claim(5);
      ::raise(SIGSTOP);
      std::copy_n("first", 5, reinterpret_cast<char*>(claim.data()));
      claim.commit();
      ::raise(SIGSTOP);
    });
    EXPECT_TRUE(child.stops());
    return child;
  }

  /// Stops itself when it has its seat; then wants `count` messages of one byte, in order, and what
  /// the outcome says behind them.
  Child stopped_subscriber(const std::string& channel, int count, Outcome last) {
    Child child([this, channel, count, last] {
      auto own = broker.connect("risk");
      auto subscriber = own.subscriber(channel);
      ::raise(SIGSTOP);
      for (int i = 0; i < count; ++i) {
        const auto message = subscriber.receive(kPatience);
        expect(message && message.type() == static_cast<std::uint32_t>(i), "a message is missing");
      }
      expect(subscriber.receive(kPatience).outcome() == last, "it goes on otherwise");
    });
    EXPECT_TRUE(child.stops());
    return child;
  }

  /// `name` (pid N)
  static std::string words(const std::string& name, pid_t pid) {
    return "\"" + name + "\" (pid " + std::to_string(pid) + ")";
  }

  TestBroker broker;
  Bus bus = broker.connect("test");
};

TEST_F(HeldUp, NamesAStoppedPublisherThatASubscriberWaitsForAndMendsNothing) {
  bus.create("quotes", {.max_publishers = 2});
  auto subscriber = bus.subscriber("quotes");
  auto fellow = bus.publisher("quotes");
  Child feed = stopped_publisher("quotes");
  ASSERT_EQ(fellow.publish(bytes("second")), Outcome::ok);
  std::vector<std::string> received;
  std::jthread receiver([&] {
    for (int i = 0; i < 2; ++i) received.push_back(text(subscriber.receive(kPatience)));
  });
  const std::string pid = std::to_string(feed.pid());
  EXPECT_TRUE(broker.process().wait_for_stderr(
      "channel \"quotes\": client " + words("feed", feed.pid()) + " is stopped and holds up " +
      words("test", ::getpid()) + " with an open claim; continue it (kill -CONT " + pid +
      ") or end it"));
  EXPECT_GT(bus.channel("quotes").publishers.at(1).open_bytes, 0u);
  feed.signal(SIGCONT);
  receiver.join();
  EXPECT_THAT(received, testing::ElementsAre("first", "second"));
}

TEST_F(HeldUp, NamesAStoppedSubscriberThatABlockedPublisherWaitsFor) {
  bus.create("quotes", {.capacity = 4096, .block_timeout = kPatience});
  auto publisher = bus.publisher("quotes");
  constexpr int kCount = 20;
  Child risk = stopped_subscriber("quotes", kCount, Outcome::ended);
  std::jthread sender([&] {
    for (std::uint32_t i = 0; i < kCount; ++i) {
      EXPECT_EQ(publisher.publish(std::vector<std::byte>(1024), i), Outcome::ok);
    }
    EXPECT_EQ(publisher.end(), Outcome::ok);
  });
  EXPECT_TRUE(broker.process().wait_for_stderr("client " + words("risk", risk.pid()) +
                                               " is stopped and holds up " +
                                               words("test", ::getpid()) + " with its cursor"));
  risk.signal(SIGCONT);
  sender.join();
  EXPECT_TRUE(risk.ends());
}

TEST_F(HeldUp, LetsABlockedPublisherTimeOutBehindAStoppedSubscriber) {
  bus.create("quotes", {.capacity = 4096, .block_timeout = 300ms});
  auto publisher = bus.publisher("quotes");
  int sent = 0;
  Child risk = stopped_subscriber("quotes", 3, Outcome::ended);
  while (publisher.publish(std::vector<std::byte>(1024), static_cast<std::uint32_t>(sent)) ==
         Outcome::ok) {
    ++sent;
  }
  EXPECT_EQ(sent, 3);
  risk.signal(SIGCONT);
  EXPECT_EQ(publisher.end(), Outcome::ok);
  EXPECT_TRUE(risk.ends());
}

TEST_F(HeldUp, DropsTheNewestBehindAStoppedSubscriberWhichGetsWhatWasSentBefore) {
  bus.create("quotes", {.capacity = 4096, .when_full = WhenFull::drop_newest});
  auto publisher = bus.publisher("quotes");
  Child risk = stopped_subscriber("quotes", 3, Outcome::ended);
  std::uint32_t sent = 0;
  while (publisher.publish(std::vector<std::byte>(1024), sent) == Outcome::ok) ++sent;
  EXPECT_EQ(sent, 3u);
  EXPECT_EQ(publisher.publish(std::vector<std::byte>(1024)), Outcome::dropped);
  risk.signal(SIGCONT);
  EXPECT_EQ(publisher.end(), Outcome::ok);
  EXPECT_TRUE(risk.ends());
}

TEST_F(HeldUp, EvictsAStoppedSubscriberWhichLearnsItWhenItGoesOn) {
  bus.create("quotes", {.capacity = 4096, .when_full = WhenFull::evict});
  auto publisher = bus.publisher("quotes");
  Child risk = stopped_subscriber("quotes", 0, Outcome::evicted);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(publisher.publish(std::vector<std::byte>(1024)), Outcome::ok);
  }
  risk.signal(SIGCONT);
  EXPECT_TRUE(risk.ends());
}

TEST_F(HeldUp, IgnoresANoticeAboutAPlaceThatItsSenderDoesNotHold) {
  bus.create("quotes", {.max_publishers = 2});
  Child feed = stopped_publisher("quotes");
  RawClient liar(broker.socket(), "liar");
  const auto opened = liar.ask(control::Open{"quotes", control::Role::subscriber});
  const auto place = opened.as<control::Opened>();
  using control::Role;
  for (const std::uint64_t grant : {place.grant + 1, place.grant}) {
    liar.send_request(control::HeldUp{place.channel_id, Role::subscriber, place.index + 1, grant,
                                      Role::publisher, 0});
    liar.send_request(control::HeldUp{place.channel_id + 1, Role::subscriber, place.index, grant,
                                      Role::publisher, 0});
    liar.send_request(control::HeldUp{place.channel_id, Role::subscriber, place.index, grant,
                                      Role::publisher, 4'000'000'000});
  }
  liar.send_request(control::HeldUp{place.channel_id, Role::subscriber, place.index,
                                    place.grant + 1, Role::publisher, 0});
  liar.ask(control::List{}).as<control::ChannelList>();
  EXPECT_THAT(broker.process().stderr_text(), testing::Not(testing::HasSubstr("is stopped")));
  liar.send_request(control::HeldUp{place.channel_id, Role::subscriber, place.index, place.grant,
                                    Role::publisher, 0});
  EXPECT_TRUE(broker.process().wait_for_stderr("is stopped and holds up \"liar\""));
}

TEST_F(HeldUp, TellsWhichClientsAreStopped) {
  Child feed = stopped_publisher("quotes");
  const auto clients = bus.clients();
  const auto state = [&](const std::string& name) {
    const auto at = std::ranges::find(clients, name, &ClientInfo::name);
    return at == clients.end() ? std::string("none") : at->state;
  };
  EXPECT_EQ(state("feed"), "stopped");
  EXPECT_EQ(state("test"), "running");
}

}  // namespace
}  // namespace busbar::test
