#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "tests/support/cli_test.hpp"

namespace busbar::test {
namespace {

class CliRestart : public CliTest {};

TEST_F(CliRestart, PubAndSubCarryOnThroughAKilledBrokerAndTheNextOne) {
  const std::string sent = noise(3 << 20);
  const std::string_view rest(sent);
  const std::size_t third = sent.size() / 3;
  const std::string received = broker_.directory().path("received");
  Process sub = subscribe("files", {"--raw", "-o", received});
  Process pub = start({"pub", "files", "--chunk", "4KiB", "--end"}, {.stdin_pipe = true});
  pub.write_stdin(rest.substr(0, third));
  broker_.kill();
  pub.write_stdin(rest.substr(third, third));
  broker_.start();
  pub.write_stdin(rest.substr(2 * third));
  pub.close_stdin();
  EXPECT_EQ(pub.wait(), 0);
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_EQ(pub.stdout_text() + pub.stderr_text() + sub.stdout_text(), "");
  EXPECT_EQ(sub.stderr_text(), "subscribed to \"files\"\n");
  EXPECT_TRUE(read_file(received) == sent);
}

}  // namespace
}  // namespace busbar::test
