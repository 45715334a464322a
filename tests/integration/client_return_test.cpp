#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <busbar/busbar.hpp>
#include <string>
#include <thread>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text(const Message& message) {
  const auto payload = message.payload();
  return std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
}

class ClientReturn : public testing::Test {
 protected:
  Bus patient() const { return Bus::connect({.socket = broker.socket(), .timeout = kPatience}); }

  TestBroker broker;
};

TEST_F(ClientReturn, AsksTheNextBrokerAsIfNothingHadHappened) {
  auto bus = patient();
  broker.kill();
  broker.start();
  EXPECT_EQ(bus.broker().pid, broker.process().pid());
  bus.create("new");
  EXPECT_NO_THROW(bus.publisher("new"));
}

TEST_F(ClientReturn, WaitsWithACallUntilTheBrokerIsThere) {
  auto bus = patient();
  broker.kill();
  std::jthread asker([&] { EXPECT_NO_THROW(bus.publisher("a")); });
  broker.start();
}

TEST_F(ClientReturn, WaitsForTheFirstBrokerIfItIsToldTo) {
  broker.kill();
  std::optional<Bus> bus;
  std::jthread waiter([&] {
    bus = Bus::connect({.socket = broker.socket(), .timeout = kPatience, .wait_for_broker = true});
  });
  broker.start();
  waiter.join();
  EXPECT_EQ(bus->broker().pid, broker.process().pid());
}

TEST_F(ClientReturn, SaysHowLongItHasWaitedForTheFirstBroker) {
  broker.kill();
  try {
    Bus::connect({.socket = broker.socket(), .timeout = 10ms, .wait_for_broker = true});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::no_broker);
    EXPECT_THAT(error.what(), testing::HasSubstr("waited 10ms"));
  }
}

TEST_F(ClientReturn, ExchangesMessagesWhileTheBrokerIsAwayAndAfterIt) {
  auto bus = patient();
  auto publisher = bus.publisher("a");
  auto subscriber = bus.subscriber("a");
  broker.kill();
  publisher.publish(bytes("away"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "away");
  EXPECT_EQ(subscriber.receive(1ms).outcome(), Outcome::timeout);
  broker.start();
  publisher.publish(bytes("back"));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "back");
}

}  // namespace
}  // namespace busbar::test
