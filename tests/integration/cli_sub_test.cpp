// How a subscription ends, and what its exit status says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/support/cli_test.hpp"

namespace busbar::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class CliSub : public CliTest {
 protected:
  void publish(const std::string& lines) {
    const Ran ran = busbar({"pub", "c"}, lines);
    ASSERT_EQ(ran.status, 0) << ran.err;
  }
};

TEST_F(CliSub, CountEndsItWithTheRestUntaken) {
  Process sub = subscribe("c", {"--count", "2"});
  publish("1\n2\n3\n");
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_EQ(sub.stdout_text(), "1\n2\n");
}

TEST_F(CliSub, CountBeyondABatchIsExact) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::to_string(i) + "\n";
  Process sub = subscribe("c", {"--count", "999"});
  publish(lines);
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_EQ(sub.stdout_text(), lines.substr(0, lines.size() - 4));
}

TEST_F(CliSub, WaitsByTheNamedPolicy) {
  for (const std::string policy : {"latency", "balanced", "power"}) {
    Process sub = subscribe("c", {"--count", "1", "--wait", policy});
    EXPECT_EQ(busbar({"pub", "c", "--wait", policy}, policy + "\n").status, 0);
    EXPECT_EQ(sub.wait(), 0);
    EXPECT_EQ(sub.stdout_text(), policy + "\n");
  }
}

TEST_F(CliSub, EndOfStreamIsAGoodEnd) {
  Process sub = subscribe("c", {});
  EXPECT_EQ(busbar({"pub", "c", "--end"}, "x\n").status, 0);
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_EQ(sub.stdout_text(), "x\n");
}

TEST_F(CliSub, EndOfStreamBeforeTheCountIsNot) {
  Process sub = subscribe("c", {"--count", "2"});
  EXPECT_EQ(busbar({"pub", "c", "--end"}, "x\n").status, 0);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_EQ(sub.stdout_text(), "x\n");
  EXPECT_THAT(sub.stderr_text(), HasSubstr("busbar: the stream ended; received 1 of 2 messages\n"));
}

TEST_F(CliSub, TimeoutAloneIsAGoodEnd) {
  Process sub = subscribe("c", {"--timeout", "300ms"});
  publish("x\n");
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_EQ(sub.stdout_text(), "x\n");
}

TEST_F(CliSub, TimeoutBeforeTheCountIsNot) {
  Process sub = subscribe("c", {"--timeout", "300ms", "--count", "3"});
  publish("x\n");
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_EQ(sub.stdout_text(), "x\n");
  EXPECT_THAT(sub.stderr_text(),
              HasSubstr("busbar: no message for 300ms; received 1 of 3 messages\n"));
}

TEST_F(CliSub, OldestWithATimeoutOfZeroTakesWhatIsThere) {
  publish("1\n2\n");
  const Ran ran = busbar({"sub", "c", "--from", "oldest", "--timeout", "0", "--quiet"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "1\n2\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(busbar({"sub", "c", "--from", "now", "--timeout", "0"}).out, "");
}

TEST_F(CliSub, ASignalEndsItWithWhatItHasReceived) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process sub = subscribe("c", {});
    publish("x\n");
    ASSERT_TRUE(sub.wait_for_stdout("x\n"));
    sub.kill(signal);
    EXPECT_EQ(sub.wait(), 1);
    EXPECT_THAT(sub.stderr_text(), EndsWith("busbar: interrupted after 1 message\n"));
  }
}

TEST_F(CliSub, ASignalReachesItWhileNobodyTakesItsOutput) {
  const std::string pipe = broker_.directory().path("pipe");
  ASSERT_EQ(run({"mkfifo", pipe}).status, 0);
  // Holds the pipe open and never reads.
  Process reader({"/bin/sh", "-c", "exec <\"$0\"; echo open; exec sleep 1000", pipe});
  Process sub = subscribe("c", {"--raw", "--stats"}, {.stdout_file = pipe});
  const std::string file = write_file("large", noise(8'000'000));
  Process pub = start({"pub", "c", "--chunk", "256KiB", file});
  // The publisher cannot get further than the ring and the pipe.
  ASSERT_TRUE(pub.wait_for_stderr("is full"));
  sub.kill(SIGTERM);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_THAT(sub.stderr_text(), HasSubstr("busbar: interrupted after "));
  EXPECT_EQ(pub.wait(), 0) << pub.stderr_text();
}

TEST_F(CliSub, ABrokenPipeEndsItQuietly) {
  Process sub = subscribe("c", {});
  sub.close_stdout();
  publish("x\n");
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_EQ(sub.stderr_text(), "subscribed to \"c\"\n");
}

TEST_F(CliSub, AFullDiskIsAnErrorInWords) {
  Process sub = subscribe("c", {"-o", "/dev/full"});
  publish("x\n");
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_THAT(sub.stderr_text(), HasSubstr("busbar: /dev/full: No space left on device\n"));
}

TEST_F(CliSub, AFileThatCannotBeMadeIsAnErrorBeforeItSubscribes) {
  const Ran ran = busbar({"sub", "c", "-o", "/nonexistent/file"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "busbar: /nonexistent/file: No such file or directory\n");
}

TEST_F(CliSub, ARemovedChannelEndsItBehindWhatWasPublished) {
  Process sub = subscribe("c", {});
  publish("x\n");
  EXPECT_EQ(busbar({"rm", "c", "--force"}).status, 0);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_EQ(sub.stdout_text(), "x\n");
  EXPECT_THAT(sub.stderr_text(), HasSubstr("busbar: channel \"c\" is closed"));
}

TEST_F(CliSub, StatsCountMessagesAndBytes) {
  Process sub = subscribe("c", {"--count", "2", "--stats"});
  const Ran pub = busbar({"pub", "c", "--stats"}, "ab\ncde\n");
  EXPECT_THAT(pub.err, HasSubstr("busbar: 2 messages, 5 bytes in "));
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_THAT(sub.stderr_text(), HasSubstr("busbar: 2 messages, 5 bytes in "));
}

TEST_F(CliSub, ThreeSubscribersGetTheSameBytesOfALargeFile) {
  ASSERT_EQ(busbar({"create", "c", "--capacity", "8MiB", "--max-publishers", "1"}).status, 0);
  const std::string sent = noise(50'000'000);
  const std::string file = write_file("sent", sent);
  std::vector<Process> subs;
  for (const char* name : {"a", "b", "c"}) {
    subs.push_back(subscribe("c", {"--raw", "-o", broker_.directory().path(name)}));
  }
  const Ran pub = busbar({"pub", "c", "--chunk", "64KiB", "--end", file});
  EXPECT_EQ(pub.status, 0) << pub.err;
  for (Process& sub : subs) EXPECT_EQ(sub.wait(), 0) << sub.stderr_text();
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_TRUE(read_file(broker_.directory().path(name)) == sent) << name;
  }
}

}  // namespace
}  // namespace busbar::test
