#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/forked_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;

Ran purge(const TestBroker& broker) {
  return run({BUSBARD_PATH, "--socket", broker.socket(), "--purge"});
}

TEST(Purge, RemovesAllThatAKilledBrokerHasLeft) {
  TestBroker broker;
  RawClient client(broker.socket());
  client.ask(control::Create{"quotes", {}}).as<control::Created>();
  auto files = broker.segments();
  files.push_back(broker.ledger());
  broker.kill();
  const Ran purged = purge(broker);
  EXPECT_EQ(purged.status, 0) << purged.err;
  EXPECT_THAT(purged.out, HasSubstr("removed 3 files"));
  files.push_back(broker.socket());
  files.push_back(broker.socket() + ".lock");
  for (const std::string& file : files) EXPECT_FALSE(std::filesystem::exists(file)) << file;
}

TEST(Purge, TellsMembersThatTheirChannelIsClosed) {
  TestBroker broker;
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  Subscriber subscriber = bus.subscriber("quotes");
  broker.kill();
  EXPECT_EQ(purge(broker).status, 0);
  EXPECT_EQ(subscriber.receive().outcome(), Outcome::closed);
}

TEST(Purge, IsRefusedWhileABrokerServes) {
  TestBroker broker;
  const Ran purged = purge(broker);
  EXPECT_EQ(purged.status, 1);
  EXPECT_THAT(purged.err,
              HasSubstr("is in use by a broker (pid " + std::to_string(broker.process().pid())));
  RawClient(broker.socket()).ask(control::List{}).as<control::ChannelList>();
}

TEST(Purge, FindsNothingWhereNothingIs) {
  TestBroker broker;
  EXPECT_EQ(broker.stop(), 0);
  EXPECT_THAT(purge(broker).out, HasSubstr("removed 0 files"));
}

}  // namespace
}  // namespace busbar::test
