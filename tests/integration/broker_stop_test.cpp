#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using control::Open;
using control::Opened;
using control::Role;
using ::testing::HasSubstr;

bool exists(const std::string& path) {
  return std::filesystem::exists(std::filesystem::symlink_status(path));
}

TEST(BrokerStop, LeavesNothingBehindWithoutMembers) {
  TestBroker broker;
  RawClient client(broker.socket());
  client.ask(control::Create{"quotes", {}}).as<control::Created>();
  auto segments = broker.segments();
  ASSERT_EQ(segments.size(), 2u);
  segments.push_back(broker.ledger());
  EXPECT_EQ(broker.stop(), 0);
  EXPECT_FALSE(exists(broker.socket()));
  EXPECT_FALSE(exists(broker.socket() + ".lock"));
  for (const auto& segment : segments) EXPECT_FALSE(exists(segment)) << segment;
}

TEST(BrokerStop, StopsOnSigintToo) {
  TestBroker broker;
  broker.process().kill(SIGINT);
  EXPECT_EQ(broker.process().wait(), 0);
}

TEST(BrokerStop, GoesOnAfterSighupWithAWordInTheLog) {
  TestBroker broker;
  broker.process().kill(SIGHUP);
  EXPECT_TRUE(broker.process().wait_for_stderr("not reloaded, the configuration in force stays"));
  RawClient(broker.socket()).ask(control::List{}).as<control::ChannelList>();
}

TEST(BrokerStop, HasASocketForItsOwnerAndGroup) {
  TestBroker broker;
  struct stat status {};
  ASSERT_EQ(::stat(broker.socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0660u);
}

TEST(BrokerStop, RefusesASecondBrokerNamingTheFirst) {
  TestBroker broker;
  const Ran second = run({BUSBARD_PATH, "--socket", broker.socket()});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err,
              HasSubstr("control socket " + broker.socket() + " is in use by a broker (pid " +
                        std::to_string(broker.process().pid()) + ")"));
  RawClient(broker.socket()).ask(control::List{}).as<control::ChannelList>();
}

TEST(BrokerStop, TakesOverTheSocketOfAKilledBroker) {
  TestBroker broker;
  broker.kill();
  ASSERT_TRUE(exists(broker.socket()));
  broker.start();
  RawClient(broker.socket()).ask(control::List{}).as<control::ChannelList>();
}

TEST(BrokerStop, RemovesWhatAKilledBrokerHadNotYetNotedDown) {
  TestBroker broker;
  const std::string ledger = broker.ledger();
  broker.kill();
  const std::string unfinished = ledger.substr(0, ledger.rfind('-')) + "-0123456789abcdef-ring";
  std::ofstream(unfinished) << "x";
  broker.start();
  EXPECT_FALSE(exists(unfinished));
  EXPECT_TRUE(broker.process().wait_for_stderr("1 segments of a dead broker removed"));
}

TEST(BrokerStop, LeavesTheSegmentsOfOtherBrokersAlone) {
  TestBroker other;
  RawClient client(other.socket());
  client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  const auto segments = other.segments();
  TestBroker broker;
  for (const auto& segment : segments) EXPECT_TRUE(exists(segment)) << segment;
}

TEST(BrokerStop, RefusesToReplaceAFileThatIsNoSocket) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("precious");
  std::ofstream(path) << "data";
  const Ran broker = run({BUSBARD_PATH, "--socket", path});
  EXPECT_EQ(broker.status, 1);
  EXPECT_THAT(broker.err, HasSubstr("is no socket"));
  EXPECT_TRUE(exists(path));
}

TEST(BrokerStop, SaysThatASocketPathIsTooLong) {
  const Ran broker = run({BUSBARD_PATH, "--socket", "/tmp/" + std::string(120, 'x')});
  EXPECT_EQ(broker.status, 2);
  EXPECT_THAT(broker.err, HasSubstr("the system allows 107"));
}

TEST(BrokerStop, CreatesTheLastFolderOfItsSocketForWhoMayUseIt) {
  const TemporaryDirectory directory;
  const std::string socket = directory.path("new/control.sock");
  Process broker({BUSBARD_PATH, "--socket", socket});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  struct stat status {};
  ASSERT_EQ(::stat(directory.path("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0750u);
}

TEST(BrokerStop, ListensWhereTheEnvironmentSays) {
  const TemporaryDirectory directory;
  const std::string socket = directory.path("environment.sock");
  Process broker({BUSBARD_PATH}, {.environment = {"BUSBAR_SOCKET=" + socket}});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  RawClient(socket).ask(control::List{}).as<control::ChannelList>();
}

TEST(BrokerStop, ListensInTheRuntimeDirectoryByItself) {
  const TemporaryDirectory directory;
  Process broker({BUSBARD_PATH},
                 {.environment = {"BUSBAR_SOCKET", "XDG_RUNTIME_DIR=" + directory.path()}});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  RawClient(directory.path("busbar/control.sock")).ask(control::List{}).as<control::ChannelList>();
}

}  // namespace
}  // namespace busbar::test
