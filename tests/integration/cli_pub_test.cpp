// A publisher that waits, is interrupted, or loses messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/support/cli_test.hpp"

namespace busbar::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

using CliPub = CliTest;

TEST_F(CliPub, ALineGoesOutAsSoonAsItIsThere) {
  Process sub = subscribe("c", {});
  Process pub = start({"pub", "c", "--end"}, {.stdin_pipe = true});
  pub.write_stdin("first\nsec");
  EXPECT_TRUE(sub.wait_for_stdout("first\n"));
  pub.write_stdin("ond\n");
  EXPECT_TRUE(sub.wait_for_stdout("second\n"));
  pub.close_stdin();
  EXPECT_EQ(pub.wait(), 0);
  EXPECT_EQ(sub.wait(), 0);
}

TEST_F(CliPub, APublisherThatWaitsForInputHoldsUpNobody) {
  ASSERT_EQ(busbar({"create", "c", "--max-publishers", "2"}).status, 0);
  Process sub = subscribe("c", {});
  Process pub = start({"pub", "c", "--chunk", "4"}, {.stdin_pipe = true});
  pub.write_stdin("1234ab");
  ASSERT_TRUE(sub.wait_for_stdout("1234\n"));
  EXPECT_EQ(busbar({"pub", "c"}, "another\n").status, 0);
  EXPECT_TRUE(sub.wait_for_stdout("another\n"));
  pub.write_stdin("cd");
  EXPECT_TRUE(sub.wait_for_stdout("abcd\n"));
  pub.close_stdin();
  EXPECT_EQ(pub.wait(), 0);
}

TEST_F(CliPub, ASignalEndsItWhileItReads) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process sub = subscribe("c", {"--count", "1"});
    Process pub = start({"pub", "c", "--end"}, {.stdin_pipe = true});
    pub.write_stdin("whole\ncut");
    ASSERT_EQ(sub.wait(), 0);
    pub.kill(signal);
    EXPECT_EQ(pub.wait(), 1);
    EXPECT_EQ(pub.stderr_text(), "busbar: interrupted after 1 message\n");
  }
}

TEST_F(CliPub, AFullChannelIsWaitedForUntilASignal) {
  ASSERT_EQ(busbar({"create", "c", "--capacity", "64KiB", "--block-timeout", "10ms"}).status, 0);
  Bus bus = broker_.connect();
  Subscriber lazy = bus.subscriber("c");
  Process pub = start({"pub", "c", "--chunk", "4KiB"}, {.stdin_file = "/dev/zero"});
  ASSERT_TRUE(pub.wait_for_stderr("channel \"c\" is full: waiting for its subscribers"));
  EXPECT_TRUE(pub.running());
  pub.kill(SIGTERM);
  EXPECT_EQ(pub.wait(), 1);
  EXPECT_THAT(pub.stderr_text(), HasSubstr("busbar: interrupted after "));
}

TEST_F(CliPub, AFullChannelIsWaitedForUntilThereIsRoom) {
  ASSERT_EQ(busbar({"create", "c", "--capacity", "64KiB", "--block-timeout", "10ms"}).status, 0);
  Bus bus = broker_.connect();
  Subscriber slow = bus.subscriber("c");
  const std::string sent = noise(1'000'000);
  Process pub = start({"pub", "c", "--chunk", "4KiB", "--end", write_file("sent", sent)});
  ASSERT_TRUE(pub.wait_for_stderr("is full"));
  std::string received;
  Message message;
  while ((message = slow.receive(kPatience))) {
    const auto payload = message.payload();
    received.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  EXPECT_EQ(message.outcome(), Outcome::ended);
  EXPECT_TRUE(received == sent);
  EXPECT_EQ(pub.wait(), 0);
}

TEST_F(CliPub, DroppedMessagesAreCountedAndTold) {
  ASSERT_EQ(busbar({"create", "c", "--capacity", "64KiB", "--when-full", "drop_newest"}).status, 0);
  Bus bus = broker_.connect();
  Subscriber lazy = bus.subscriber("c");
  for (const char* size : {"4KiB", "16KiB"}) {  // copied, and read straight into the ring
    const std::string file = write_file("sent", noise(1 << 20));
    const Ran pub = busbar({"pub", "c", "--chunk", size, file});
    EXPECT_EQ(pub.status, 1);
    EXPECT_THAT(pub.err, EndsWith(" dropped: channel \"c\" was full and says drop_newest\n"));
  }
  const std::uint64_t received = static_cast<std::uint64_t>(lazy.poll([](const Message&) {}, 1000));
  EXPECT_EQ(received + lazy.dropped(), 256u + 64u);
}

TEST_F(CliPub, TheEndIsNeverDropped) {
  ASSERT_EQ(busbar({"create", "c", "--capacity", "64KiB", "--when-full", "drop_newest",
                    "--block-timeout", "10ms"})
                .status,
            0);
  Bus bus = broker_.connect();
  Subscriber lazy = bus.subscriber("c");
  // Messages as small as the end itself: where they find no room, it finds none either.
  Process pub = start({"pub", "c", "--end", write_file("sent", std::string(10'000, '\n'))});
  ASSERT_TRUE(pub.wait_for_stderr("is full"));
  EXPECT_TRUE(pub.running());
  Message message;
  while ((message = lazy.receive(kPatience))) {
  }
  EXPECT_EQ(message.outcome(), Outcome::ended);
  EXPECT_EQ(pub.wait(), 1);
  EXPECT_THAT(pub.stderr_text(), HasSubstr(" dropped: "));
}

TEST_F(CliPub, WithoutEndTheStreamGoesOn) {
  Process sub = subscribe("c", {"--count", "2"});
  EXPECT_EQ(busbar({"pub", "c"}, "1\n").status, 0);
  EXPECT_EQ(busbar({"pub", "c"}, "2\n").status, 0);
  EXPECT_EQ(sub.wait(), 0);
  EXPECT_EQ(sub.stdout_text(), "1\n2\n");
}

TEST_F(CliPub, ARemovedChannelIsAnError) {
  Process pub = start({"pub", "c"}, {.stdin_pipe = true});
  Process sub = subscribe("c", {"--count", "1"});
  pub.write_stdin("1\n");
  ASSERT_EQ(sub.wait(), 0);
  ASSERT_EQ(busbar({"rm", "c", "--force"}).status, 0);
  // More than the ring: a publisher looks at the channel's state when its room runs out.
  pub.write_stdin(noise(8'000'000));
  EXPECT_EQ(pub.wait(), 1);
  EXPECT_THAT(pub.stderr_text(), HasSubstr("busbar: channel \"c\" is closed"));
}

TEST_F(CliPub, AFileThatCannotBeReadIsNamed) {
  const Ran missing = busbar({"pub", "c", "/nonexistent"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_EQ(missing.err, "busbar: /nonexistent: No such file or directory\n");
  const Ran directory = busbar({"pub", "c", "/tmp"});
  EXPECT_EQ(directory.status, 1);
  EXPECT_EQ(directory.err, "busbar: /tmp: Is a directory\n");
}

}  // namespace
}  // namespace busbar::test
