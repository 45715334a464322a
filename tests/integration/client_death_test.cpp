#include <gtest/gtest.h>

#include <busbar/busbar.hpp>
#include <csignal>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

class Death : public testing::Test {
 protected:
  Process subscriber(const std::string& channel) {
    Process process({BUSBAR_CLI_PATH, "--socket", broker.socket(), "sub", channel, "--raw"});
    EXPECT_TRUE(process.wait_for_stderr("subscribed to"));
    return process;
  }
  static void fill(Publisher& publisher) {
    while (publisher.try_publish(std::vector<std::byte>(500)) == Outcome::ok) {
    }
  }

  TestBroker broker;
  Bus bus = broker.connect();
};

TEST_F(Death, OfAStoppedSubscriberFreesThePublisherThatItHeldUp) {
  bus.create("a", {.capacity = 4096, .block_timeout = kPatience});
  auto publisher = bus.publisher("a");
  Process process = subscriber("a");
  process.kill(SIGSTOP);
  fill(publisher);
  process.kill(SIGKILL);
  EXPECT_EQ(publisher.publish(std::vector<std::byte>(500)), Outcome::ok);
}

TEST_F(Death, OfASubscriberLeavesTheOthersWithEveryMessage) {
  bus.create("a", {.capacity = 65536, .block_timeout = kPatience});
  auto publisher = bus.publisher("a");
  auto survivor = bus.subscriber("a");
  Process process = subscriber("a");
  std::uint64_t received = 0;
  for (std::uint64_t n = 0; n < 10'000; ++n) {
    if (n == 5'000) process.kill(SIGKILL);
    ASSERT_EQ(publisher.publish(std::as_bytes(std::span(&n, 1))), Outcome::ok);
    survivor.poll([&](const Message&) { ++received; }, 16);
  }
  while (survivor.receive(0ms)) ++received;
  EXPECT_EQ(received, 10'000u);
}

TEST_F(Death, OfAPublisherFreesItsPlace) {
  Process process({BUSBAR_CLI_PATH, "--socket", broker.socket(), "pub", "a", "--lines"},
                  {.stdin_pipe = true});
  auto subscriber = bus.subscriber("a");
  process.write_stdin("first\n");
  ASSERT_TRUE(subscriber.receive(kPatience));
  EXPECT_THROW(bus.publisher("a"), Error);
  process.kill(SIGKILL);
  process.wait();
  // The broker learns it from the pidfd: the next calls race with that one event alone.
  std::optional<Publisher> next;
  while (!next) {
    try {
      next = bus.publisher("a");
    } catch (const Error& error) {
      ASSERT_EQ(error.errc(), Errc::in_use);
    }
  }
  EXPECT_EQ(next->publish({}), Outcome::ok);
  EXPECT_TRUE(subscriber.receive(kPatience));
}

TEST_F(Death, IsNotAssumedOfAStoppedSubscriber) {
  bus.create("a", {.capacity = 4096, .block_timeout = 10ms});
  auto publisher = bus.publisher("a");
  Process process = subscriber("a");
  process.kill(SIGSTOP);
  fill(publisher);
  EXPECT_EQ(publisher.publish(std::vector<std::byte>(500)), Outcome::timeout);
  EXPECT_EQ(bus.channel("a").subscribers.size(), 1u);
  process.kill(SIGCONT);
}

}  // namespace
}  // namespace busbar::test
