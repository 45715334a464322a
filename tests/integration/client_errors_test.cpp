#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <busbar/busbar.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "common/base/deadline.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

struct Failure {
  Errc errc{};
  std::string text;
};

Failure failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.errc(), error.what()};
  }
  return {};
}

TEST(ClientErrors, NamesEverySocketThatWasTried) {
  const TemporaryDirectory directory;
  ::unsetenv("BUSBAR_SOCKET");
  ::setenv("XDG_RUNTIME_DIR", directory.path().c_str(), 1);
  const auto failure = failure_of([] { Bus::connect(); });
  ::unsetenv("XDG_RUNTIME_DIR");
  EXPECT_EQ(failure.errc, Errc::no_broker);
  EXPECT_THAT(failure.text, HasSubstr(directory.path() + "/busbar/control.sock"));
  EXPECT_THAT(failure.text, HasSubstr("/run/busbar/control.sock"));
}

TEST(ClientErrors, SaysThatAPlainFileIsNoSocket) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("file");
  std::ofstream(path) << "no socket";
  const auto failure = failure_of([&] { Bus::connect({.socket = path}); });
  EXPECT_EQ(failure.errc, Errc::no_broker);
  EXPECT_THAT(failure.text, HasSubstr(path));
}

TEST(ClientErrors, RefusesASocketPathThatIsTooLong) {
  const auto failure = failure_of([] { Bus::connect({.socket = std::string(200, 'x')}); });
  EXPECT_EQ(failure.errc, Errc::no_broker);
  EXPECT_THAT(failure.text, HasSubstr("long"));
}

class WithBroker : public testing::Test {
 protected:
  TestBroker broker;
  Bus bus = broker.connect("tester");
};

TEST_F(WithBroker, RefusesInvalidChannelNamesWithTheRule) {
  for (const char* name : {"", ".", ".hidden", "a/b", "a b", "a\nb", "\xff"}) {
    const auto failure = failure_of([&] { bus.publisher(name); });
    EXPECT_EQ(failure.errc, Errc::invalid_name) << name;
    EXPECT_THAT(failure.text, HasSubstr("1 to 128"));
  }
  EXPECT_EQ(failure_of([&] { bus.publisher(std::string(129, 'a')); }).errc, Errc::invalid_name);
  EXPECT_NO_THROW(bus.publisher(std::string(128, 'a')));
}

TEST_F(WithBroker, KeepsReservedNamesForTheBusItself) {
  for (const char* name : {"busbar", "busbar.stats"}) {
    const auto failure = failure_of([&] { bus.publisher(name); });
    EXPECT_EQ(failure.errc, Errc::invalid_name);
    EXPECT_THAT(failure.text, HasSubstr("reserved"));
  }
  EXPECT_NO_THROW(bus.publisher("busbars"));
}

TEST_F(WithBroker, NamesTheHolderToASecondPublisher) {
  auto first = bus.publisher("a");
  auto other = broker.connect("other");
  const auto failure = failure_of([&] { other.publisher("a"); });
  EXPECT_EQ(failure.errc, Errc::in_use);
  EXPECT_THAT(failure.text, HasSubstr("\"tester\""));
  EXPECT_THAT(failure.text, HasSubstr(std::to_string(::getpid())));
  EXPECT_THAT(failure.text, HasSubstr("max_publishers"));
}

TEST_F(WithBroker, RefusesAMessageBeyondMaxMessageWithLimitAndRemedy) {
  bus.create("small", {.capacity = 4096});
  auto publisher = bus.publisher("small");
  EXPECT_EQ(publisher.max_message(), 1024u);
  EXPECT_NO_THROW(publisher.claim(1024).abort());
  const auto failure = failure_of([&] { publisher.claim(1025); });
  EXPECT_EQ(failure.errc, Errc::too_large);
  EXPECT_THAT(failure.text,
              HasSubstr("channel \"small\": message of 1025 bytes exceeds max_message "
                        "1024"));
}

TEST_F(WithBroker, RefusesImpossibleSettings) {
  EXPECT_EQ(failure_of([&] { bus.create("a", {.capacity = 0}); }).errc, Errc::invalid_argument);
  EXPECT_EQ(failure_of([&] { bus.create("a", {.capacity = std::uint64_t{1} << 60}); }).errc,
            Errc::invalid_argument);
  EXPECT_EQ(failure_of([&] { bus.create("a", {.max_publishers = 0}); }).errc,
            Errc::invalid_argument);
  EXPECT_EQ(failure_of([&] { bus.create("a", {.max_publishers = 65}); }).errc,
            Errc::invalid_argument);
  EXPECT_EQ(failure_of([&] { bus.create("a", {.max_subscribers = 257}); }).errc,
            Errc::invalid_argument);
  EXPECT_EQ(failure_of([&] { bus.create("a", {.alignment = 12}); }).errc, Errc::invalid_argument);
  EXPECT_EQ(failure_of([&] { bus.create("a", {.segment = "paper"}); }).errc,
            Errc::invalid_argument);
  EXPECT_TRUE(bus.channels().empty());
}

TEST_F(WithBroker, RefusesACapacityBeyondTheMemoryLimit) {
  const auto limit = bus.broker().memory_limit;
  const auto failure = failure_of([&] { bus.create("a", {.capacity = limit * 2}); });
  EXPECT_TRUE(failure.errc == Errc::limit || failure.errc == Errc::invalid_argument);
  EXPECT_THAT(failure.text, HasSubstr("capacity"));
  EXPECT_EQ(bus.broker().memory, 0u);
}

TEST_F(WithBroker, RefusesToChangeAChannelThatExists) {
  bus.create("a", {.capacity = 65536});
  EXPECT_NO_THROW(bus.create("a", {.capacity = 65536}));
  const auto failure = failure_of([&] { bus.create("a", {.capacity = 131072}); });
  EXPECT_EQ(failure.errc, Errc::channel_exists);
  EXPECT_THAT(failure.text, HasSubstr("64KiB"));
}

TEST_F(WithBroker, RefusesToRemoveAChannelWithMembersAndNamesThem) {
  auto publisher = bus.publisher("a");
  const auto failure = failure_of([&] { bus.remove("a"); });
  EXPECT_EQ(failure.errc, Errc::in_use);
  EXPECT_THAT(failure.text, HasSubstr("tester"));
}

TEST_F(WithBroker, SaysThatAChannelIsNotThere) {
  EXPECT_EQ(failure_of([&] { bus.channel("nobody"); }).errc, Errc::no_such_channel);
  EXPECT_EQ(failure_of([&] { bus.remove("nobody"); }).errc, Errc::no_such_channel);
}

TEST_F(WithBroker, SaysThatAStoppedBrokerDoesNotAnswer) {
  auto hasty = Bus::connect({.socket = broker.socket(), .timeout = 10ms});
  broker.process().kill(SIGSTOP);
  const auto failure = failure_of([&] { hasty.channels(); });
  broker.process().kill(SIGCONT);
  EXPECT_EQ(failure.errc, Errc::timed_out);
}

TEST_F(WithBroker, GivesBackAPlaceThatWasGrantedTooLate) {
  bus.create("a");
  auto hasty = Bus::connect({.socket = broker.socket(), .timeout = 10ms});
  broker.process().kill(SIGSTOP);
  EXPECT_EQ(failure_of([&] { hasty.publisher("a"); }).errc, Errc::timed_out);
  broker.process().kill(SIGCONT);
  bool answered = false;
  while (!answered) answered = failure_of([&] { hasty.channels(); }).errc != Errc::timed_out;
  EXPECT_NO_THROW(bus.publisher("a"));
}

TEST_F(WithBroker, GivesBackAPlaceThatWasGrantedTooLateToABusThatIsGone) {
  bus.create("a");
  {
    auto hasty = Bus::connect({.socket = broker.socket(), .timeout = 10ms});
    broker.process().kill(SIGSTOP);
    EXPECT_EQ(failure_of([&] { hasty.publisher("a"); }).errc, Errc::timed_out);
  }
  broker.process().kill(SIGCONT);
  // The broker takes it back as soon as it sees that nobody reads the reply: a race with this one.
  const Deadline patience = Deadline::after(kPatience);
  Errc errc = Errc::in_use;
  while (errc == Errc::in_use && !patience.passed()) {
    errc = failure_of([&] { bus.publisher("a"); }).errc;
  }
  EXPECT_EQ(errc, Errc{});
}

TEST_F(WithBroker, SaysThatABrokerWithAFullBacklogAcceptsNobody) {
  broker.process().kill(SIGSTOP);
  Failure failure;
  // Each of these waits for its hello in vain and leaves its place in the backlog taken.
  for (int i = 0; i < 2000 && failure.text.find("accepts nobody") == std::string::npos; ++i) {
    failure = failure_of([&] { Bus::connect({.socket = broker.socket(), .timeout = 1ms}); });
    ASSERT_EQ(failure.errc, Errc::timed_out) << failure.text;
  }
  broker.process().kill(SIGCONT);
  EXPECT_THAT(failure.text, HasSubstr("accepts nobody"));
}

TEST_F(WithBroker, SaysThatTheBrokerHasGoneAndHowLongItHasWaited) {
  auto hasty = Bus::connect({.socket = broker.socket(), .timeout = 10ms});
  broker.kill();
  const auto failure = failure_of([&] { hasty.channels(); });
  EXPECT_EQ(failure.errc, Errc::no_broker);
  EXPECT_THAT(failure.text, HasSubstr(broker.socket()));
  EXPECT_THAT(failure.text, HasSubstr("within 10ms"));
  EXPECT_THAT(failure.text, HasSubstr("channels that are open go on"));
}

}  // namespace
}  // namespace busbar::test
