#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string write_config(const TemporaryDirectory& directory, const std::string& text) {
  const std::string path = directory.path("busbar.json");
  std::ofstream(path) << text;
  return path;
}

TEST(BrokerConfig, ChecksAGoodFileAndExits) {
  const TemporaryDirectory directory;
  const std::string path = write_config(directory, "{ /* nothing */ }");
  EXPECT_EQ(run({BUSBARD_PATH, "--config", path, "--check-config"}).status, 0);
}

TEST(BrokerConfig, SaysWhatTheConfigurationMeansAsTheCommandLineDoes) {
  const TemporaryDirectory directory;
  const std::string path =
      write_config(directory, R"({"channels": [{"name": "quotes", "capacity": "1MiB"}]})");
  const Ran broker = run({BUSBARD_PATH, "--check-config", "--config", path});
  EXPECT_EQ(broker.status, 0) << broker.err;
  EXPECT_THAT(broker.out, HasSubstr("\nquotes "));
  const Ran command = run({BUSBAR_CLI_PATH, "check-config", path});
  EXPECT_EQ(command.status, 0) << command.err;
  EXPECT_EQ(command.out, broker.out);
  const Ran json = run({BUSBAR_CLI_PATH, "--json", "check-config", path});
  EXPECT_THAT(json.out, HasSubstr("\"name\": \"quotes\""));
}

TEST(BrokerConfig, IsJudgedForTheBrokersUserWhoeverAsks) {
  const TemporaryDirectory directory;
  const std::string path = write_config(
      directory, R"({"channels": [{"name": "quotes", "publish": {"users": [4711]}}]})");
  const Ran own = run({BUSBAR_CLI_PATH, "check-config", "--user", "4711", path});
  EXPECT_THAT(own.out, HasSubstr("named, for one user"));
  EXPECT_THAT(own.out, HasSubstr("/run/busbar/control.sock"));
  EXPECT_THAT(own.out, ContainsRegex("run by +4711,"));
  EXPECT_THAT(own.out, Not(HasSubstr("for several users")));
  const Ran others = run({BUSBAR_CLI_PATH, "check-config", "--user", "daemon", path});
  EXPECT_THAT(others.out, HasSubstr("sealed, for several users"));
  EXPECT_THAT(others.out, ContainsRegex("group daemon \\([0-9]+\\)"));
}

TEST(BrokerConfig, IsNotJudgedForAUserThatIsNone) {
  const Ran ran = run({BUSBAR_CLI_PATH, "check-config", "--user", "nosuchuser", "/dev/null"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("\"nosuchuser\" is no user of this machine"));
}

TEST(BrokerConfig, ChecksTheBuiltInDefaultsWithoutAFile) {
  const Ran broker = run({BUSBARD_PATH, "--check-config"});
  EXPECT_EQ(broker.status, 0);
  EXPECT_THAT(broker.out, HasSubstr("built-in defaults"));
}

TEST(BrokerConfig, ExitsWithTwoIfWhatIsConfiguredIsMoreThanTheLimit) {
  const TemporaryDirectory directory;
  const std::string path = write_config(
      directory, R"({"limits": {"memory": "1MiB"}, "channels": [{"name": "quotes"}]})");
  for (const Ran& check : {run({BUSBARD_PATH, "--check-config", "--config", path}),
                           run({BUSBAR_CLI_PATH, "check-config", path})}) {
    EXPECT_EQ(check.status, 2);
    EXPECT_THAT(check.out, HasSubstr("error: the configured channels take"));
  }
}

TEST(BrokerConfig, TellsThePlaceOfAMistakeAlsoByTheCommandLine) {
  const TemporaryDirectory directory;
  const std::string path = write_config(directory, "{\n \"log\": {\n  \"levl\": 1}}");
  const Ran command = run({BUSBAR_CLI_PATH, "check-config", path});
  EXPECT_EQ(command.status, 2);
  EXPECT_EQ(command.out, "");
  EXPECT_THAT(command.err, StartsWith(path + ":3: /log/levl: unknown key, did you mean"));
}

TEST(BrokerConfig, ExitsWithTwoAndThePlaceOfAMistake) {
  const TemporaryDirectory directory;
  const std::string path = write_config(directory, "{\n \"limits\": {\n  \"clients\": true}}");
  const Ran broker = run({BUSBARD_PATH, "--config", path});
  EXPECT_EQ(broker.status, 2);
  EXPECT_THAT(broker.err, StartsWith(path + ":3: /limits/clients: found true"));
}

TEST(BrokerConfig, ExitsWithTwoIfTheFileCannotBeRead) {
  const Ran broker = run({BUSBARD_PATH, "--config", "/nonexistent/busbar.json"});
  EXPECT_EQ(broker.status, 2);
  EXPECT_THAT(broker.err, HasSubstr("/nonexistent/busbar.json"));
}

TEST(BrokerConfig, ExitsWithOneIfAConfiguredChannelDoesNotFit) {
  const TemporaryDirectory directory;
  const std::string path = write_config(
      directory, R"({"limits": {"memory": "1MiB"}, "channels": [{"name": "quotes"}]})");
  const Ran broker = run({BUSBARD_PATH, "--config", path, "--socket", directory.path("s")});
  EXPECT_EQ(broker.status, 1);
  EXPECT_THAT(broker.err, HasSubstr("channel \"quotes\": capacity 4MiB exceeds"));
}

TEST(BrokerConfig, TellsItsVersion) {
  const Ran broker = run({BUSBARD_PATH, "--version"});
  EXPECT_EQ(broker.status, 0);
  EXPECT_THAT(broker.out, HasSubstr("busbard "));
}

}  // namespace
}  // namespace busbar::test
