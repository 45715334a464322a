#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;

int code(Errc errc) {
  return static_cast<int>(errc);
}

TEST(BrokerHello, WelcomesAndTellsBusAndSession) {
  TestBroker broker;
  RawClient client = RawClient::silent(broker.socket());
  const auto answer = client.ask(RawClient::hello());
  const auto& welcome = answer.as<control::Welcome>();
  EXPECT_EQ(welcome.bus, "default");
  EXPECT_GT(welcome.session, 0u);
  EXPECT_EQ(welcome.secret.size(), 32u);
}

TEST(BrokerHello, RefusesAnotherProtocolNamingBothVersions) {
  TestBroker broker;
  RawClient client = RawClient::silent(broker.socket());
  client.send(R"({"id":1,"request":"hello","protocol":99,"library":"9.8.7","new_key":true})");
  const auto answer = client.receive();
  EXPECT_EQ(answer.failure().code, code(Errc::version));
  EXPECT_THAT(answer.failure().text, HasSubstr("control protocol 99"));
  EXPECT_THAT(answer.failure().text, HasSubstr("9.8.7"));
  EXPECT_TRUE(client.wait_for_hangup());
}

TEST(BrokerHello, RefusesLayoutsThatItCannotServe) {
  TestBroker broker;
  RawClient client = RawClient::silent(broker.socket());
  auto hello = RawClient::hello();
  hello.layout_from = 7;
  hello.layout_to = 9;
  const auto answer = client.ask(hello);
  EXPECT_EQ(answer.failure().code, code(Errc::version));
  EXPECT_THAT(answer.failure().text, HasSubstr("layouts 7 to 9"));
}

TEST(BrokerHello, RefusesANameThatWouldSpoilATerminal) {
  TestBroker broker;
  RawClient client = RawClient::silent(broker.socket());
  const auto answer = client.ask(RawClient::hello("a\x1b[2J"));
  EXPECT_EQ(answer.failure().code, code(Errc::invalid_name));
  EXPECT_THAT(answer.failure().text, HasSubstr("\\x1b"));
}

TEST(BrokerHello, DropsAClientThatAsksBeforeItsHello) {
  TestBroker broker;
  RawClient client = RawClient::silent(broker.socket());
  EXPECT_EQ(client.ask(control::List{}).failure().code, code(Errc::protocol));
  EXPECT_TRUE(client.wait_for_hangup());
}

TEST(BrokerHello, DropsASecondHello) {
  TestBroker broker;
  RawClient client(broker.socket());
  EXPECT_EQ(client.ask(RawClient::hello()).failure().code, code(Errc::protocol));
  EXPECT_TRUE(client.wait_for_hangup());
}

TEST(BrokerHello, DropsAClientThatSaysNothingWithinFiveSeconds) {
  TestBroker broker;
  RawClient client = RawClient::silent(broker.socket());
  EXPECT_TRUE(client.wait_for_hangup());
  EXPECT_TRUE(broker.process().wait_for_stderr("no hello within 5s"));
}

TEST(BrokerHello, DropsGarbageAndServesTheOthers) {
  TestBroker broker;
  RawClient other(broker.socket());
  for (const std::string& garbage :
       {std::string("\xff\xfe\0\x01", 4), std::string("{\"id\":1,\"request\":\"li"),
        std::string(60000, '['), std::string("{}"), std::string("[1]"), std::string(1, '\0')}) {
    RawClient client = RawClient::silent(broker.socket());
    client.send(garbage);
    EXPECT_EQ(client.receive().failure().code, code(Errc::protocol));
    EXPECT_TRUE(client.wait_for_hangup());
  }
  other.ask(control::List{}).as<control::ChannelList>();
}

TEST(BrokerHello, DropsAPacketBeyondTheLimitWithWords) {
  TestBroker broker;
  RawClient client(broker.socket());
  client.send(std::string(control::kLargestPacket + 1, ' '));
  EXPECT_THAT(client.receive().failure().text, HasSubstr("65536"));
  EXPECT_TRUE(client.wait_for_hangup());
}

TEST(BrokerHello, RefusesClientsBeyondTheLimitAndTheOperatorsRoom) {
  constexpr int kLimit = 2, kOperators = 8;
  TestBroker broker({.arguments = {}, .config = R"({"limits": {"clients": 2}})"});
  std::vector<RawClient> clients;
  for (int i = 0; i < kLimit + kOperators; ++i) clients.emplace_back(broker.socket());
  RawClient one_more = RawClient::silent(broker.socket());
  const auto answer = one_more.ask(RawClient::hello());
  EXPECT_EQ(answer.failure().code, code(Errc::limit));
  EXPECT_THAT(answer.failure().text, HasSubstr("limits.clients"));
}

}  // namespace
}  // namespace busbar::test
