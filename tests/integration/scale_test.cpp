#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <busbar/busbar.hpp>
#include <cstring>
#include <functional>
#include <vector>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using testing::HasSubstr;

/// The test itself holds a socket a client.
void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string text_of(const std::function<void()>& call, Errc expected) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), expected) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(Scale, SixtyFourSubscribersShareAChannelAndASixtyFifthIsToldTheLimit) {
  TestBroker broker;
  auto bus = broker.connect();
  bus.create("a", {.max_subscribers = 64});
  auto publisher = bus.publisher("a");
  std::vector<Subscriber> subscribers;
  for (int i = 0; i < 64; ++i) subscribers.push_back(bus.subscriber("a"));
  const std::string refusal = text_of([&] { bus.subscriber("a"); }, Errc::limit);
  EXPECT_THAT(refusal, HasSubstr("64"));
  EXPECT_THAT(refusal, HasSubstr("max_subscribers"));
  for (std::uint64_t n = 0; n < 1000; ++n) {
    ASSERT_EQ(publisher.publish(std::as_bytes(std::span(&n, 1))), Outcome::ok);
  }
  for (auto& subscriber : subscribers) {
    std::uint64_t expected = 0;
    while (auto message = subscriber.try_receive()) {
      std::uint64_t n = 0;
      std::memcpy(&n, message.payload().data(), sizeof n);
      ASSERT_EQ(n, expected++);
    }
    EXPECT_EQ(expected, 1000u);
  }
}

TEST(Scale, TwoHundredFiftySixSubscribersAreServed) {
  TestBroker broker;
  auto bus = broker.connect();
  bus.create("a", {.max_subscribers = 256});
  auto publisher = bus.publisher("a");
  std::vector<Subscriber> subscribers;
  for (int i = 0; i < 256; ++i) subscribers.push_back(bus.subscriber("a"));
  publisher.publish({});
  for (auto& subscriber : subscribers) EXPECT_TRUE(subscriber.receive(kPatience));
  EXPECT_EQ(bus.channel("a").subscribers.size(), 256u);
}

TEST(Scale, SixteenPublishersShareAChannelAndASeventeenthIsToldTheLimit) {
  TestBroker broker;
  auto bus = broker.connect();
  bus.create("a", {.max_publishers = 16});
  auto subscriber = bus.subscriber("a");
  std::vector<Publisher> publishers;
  for (int i = 0; i < 16; ++i) publishers.push_back(bus.publisher("a"));
  const std::string refusal = text_of([&] { bus.publisher("a"); }, Errc::limit);
  EXPECT_THAT(refusal, HasSubstr("16"));
  EXPECT_THAT(refusal, HasSubstr("max_publishers"));
  for (auto& publisher : publishers) ASSERT_EQ(publisher.publish({}), Outcome::ok);
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(subscriber.receive(kPatience));
}

TEST(Scale, AThousandChannelsLiveInOneBroker) {
  TestBroker broker;
  auto bus = broker.connect();
  for (int i = 0; i < 1000; ++i) bus.create("c" + std::to_string(i), {.capacity = 65536});
  EXPECT_EQ(bus.channels().size(), 1000u);
  for (const int i : {0, 499, 999}) {
    const std::string name = "c" + std::to_string(i);
    auto subscriber = bus.subscriber(name);
    auto publisher = bus.publisher(name);
    publisher.publish({});
    EXPECT_TRUE(subscriber.receive(kPatience));
  }
}

TEST(Scale, FiveHundredClientsAreConnectedAtOnce) {
  raise_descriptor_limit();
  TestBroker broker;
  std::vector<Bus> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(broker.connect("client-" + std::to_string(i)));
  EXPECT_EQ(clients.front().clients().size(), 500u);
  auto subscriber = clients.back().subscriber("a");
  auto publisher = clients.front().publisher("a");
  publisher.publish({});
  EXPECT_TRUE(subscriber.receive(kPatience));
}

TEST(Scale, OneClientBeyondTheLimitIsToldTheLimit) {
  raise_descriptor_limit();
  TestBroker broker;
  auto bus = broker.connect();
  const std::uint32_t limit = bus.broker().clients_limit;
  std::vector<Bus> clients;
  constexpr std::uint32_t kOperators = 8;  // of this user, beyond the limit
  for (std::uint32_t i = 1; i < limit + kOperators; ++i) clients.push_back(broker.connect());
  const std::string refusal = text_of([&] { broker.connect(); }, Errc::limit);
  EXPECT_THAT(refusal, HasSubstr(std::to_string(limit)));
  clients.pop_back();
  while (bus.broker().clients >= limit + kOperators) {
  }
  EXPECT_NO_THROW(broker.connect());
}

}  // namespace
}  // namespace busbar::test
