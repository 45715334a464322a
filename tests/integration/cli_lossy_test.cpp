// Subscribers that hold up nobody: sub --lossy, and seats of channels that evict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/cli_test.hpp"
#include "tests/support/raw_client.hpp"

namespace busbar::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr int kLines = 20'000;  // of 24 bytes or more: several times a ring of 64KiB

std::string many_lines() {
  std::string lines;
  for (int i = 0; i < kLines; ++i) lines += std::to_string(i) + "\n";
  return lines;
}

std::uint64_t count_lines(const std::string& text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The number in "lost N messages".
std::uint64_t lost_in(const std::string& words) {
  const auto at = words.find("lost ");
  return at == std::string::npos ? 0 : std::stoull(words.substr(at + 5));
}

class CliLossy : public CliTest {
 protected:
  void create(const std::string& when_full, const Words& more = {}) const {
    Words words{"create", "c", "--capacity", "64KiB", "--when-full", when_full};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = busbar(words);
    ASSERT_EQ(ran.status, 0) << ran.err;
  }

  /// Publishes many_lines() while `sub` stands still, and the end of the stream.
  void lap(Process& sub) const {
    sub.kill(SIGSTOP);
    const Ran pub = busbar({"pub", "c", "--end"}, many_lines());
    EXPECT_EQ(pub.status, 0) << pub.err;
    EXPECT_EQ(pub.err, "") << "it waited";
    sub.kill(SIGCONT);
  }

  Json subscriber() const {
    return Json::parse(busbar({"--json", "show", "c"}).out).at("subscribers").at(0);
  }
};

TEST_F(CliLossy, StopsNoPublisherAndSaysHowManyMessagesItLost) {
  create("block");
  Process sub = subscribe("c", {"--lossy"});
  lap(sub);
  EXPECT_EQ(sub.wait(), 1);
  const std::uint64_t received = count_lines(sub.stdout_text());
  const std::uint64_t lost = lost_in(sub.stderr_text());
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(lost + received, std::uint64_t{kLines});
  EXPECT_THAT(sub.stderr_text(), HasSubstr(" and received " + std::to_string(received)));
}

TEST_F(CliLossy, CountsAsExactlyWithFullFences) {
  create("block", {"--fences", "full"});
  Process sub = subscribe("c", {"--lossy"});
  lap(sub);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_GT(lost_in(sub.stderr_text()), 0u);
  EXPECT_EQ(lost_in(sub.stderr_text()) + count_lines(sub.stdout_text()), std::uint64_t{kLines});
}

TEST_F(CliLossy, CountsAsExactlyWithSeveralPublishers) {
  create("block", {"--max-publishers", "2"});
  Process sub = subscribe("c", {"--lossy"});
  // Both are there before either ends: the stream ends with the last one.
  std::vector<Process> pubs;
  for (int i = 0; i < 2; ++i) pubs.push_back(start({"pub", "c", "--end"}, {.stdin_pipe = true}));
  ASSERT_TRUE(eventually([&] { return busbar({"ls"}).out.find(" 2/2 ") != std::string::npos; }));
  sub.kill(SIGSTOP);
  for (Process& pub : pubs) {
    pub.write_stdin(many_lines());
    pub.close_stdin();
    EXPECT_EQ(pub.wait(), 0) << pub.stderr_text();
  }
  sub.kill(SIGCONT);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_GT(lost_in(sub.stderr_text()), 0u);
  EXPECT_EQ(lost_in(sub.stderr_text()) + count_lines(sub.stdout_text()), 2 * std::uint64_t{kLines});
}

TEST_F(CliLossy, TellsWhatItLostAlsoIfASignalEndsIt) {
  create("block");
  Process sub = subscribe("c", {"--lossy"});
  sub.kill(SIGSTOP);
  ASSERT_EQ(busbar({"pub", "c"}, many_lines()).status, 0);
  sub.kill(SIGCONT);
  ASSERT_TRUE(sub.wait_for_stdout("\n" + std::to_string(kLines - 1) + "\n"));
  sub.kill(SIGINT);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_THAT(sub.stderr_text(), HasSubstr("busbar: interrupted after "));
  EXPECT_GT(lost_in(sub.stderr_text()), 0u);
}

TEST_F(CliLossy, LosesNothingAndExitsWithZeroWhereTheRingHasRoomForAll) {
  create("block");
  Process sub = subscribe("c", {"--lossy"});
  EXPECT_EQ(busbar({"pub", "c", "--end"}, "1\n2\n3\n").status, 0);
  EXPECT_EQ(sub.wait(), 0) << sub.stderr_text();
  EXPECT_EQ(sub.stdout_text(), "1\n2\n3\n");
  EXPECT_THAT(sub.stderr_text(), Not(HasSubstr("lost")));
}

TEST_F(CliLossy, ReceivesOnAfterALapWithWhatTheRingStillHas) {
  create("block");
  Process sub = subscribe("c", {"--lossy"});
  lap(sub);
  EXPECT_EQ(sub.wait(), 1);
  const std::string last = std::to_string(kLines - 1) + "\n";
  EXPECT_TRUE(sub.stdout_text().ends_with("\n" + last));
}

TEST_F(CliLossy, AnEndThatIsGoodOtherwiseIsNotIfMessagesWereLost) {
  create("block");
  Process sub = subscribe("c", {"--lossy", "--count", "1", "--from", "oldest"});
  lap(sub);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_EQ(count_lines(sub.stdout_text()), 1u);
}

TEST_F(CliLossy, HasLostNothingThatWasOverwrittenBeforeItCame) {
  create("block");
  ASSERT_EQ(busbar({"pub", "c"}, many_lines()).status, 0);
  const Ran sub = busbar({"sub", "c", "--lossy", "--from", "oldest", "--timeout", "0"});
  EXPECT_EQ(sub.status, 0) << sub.err;
  EXPECT_TRUE(many_lines().ends_with("\n" + sub.out));
  EXPECT_GT(count_lines(sub.out), 0u);
}

TEST_F(CliLossy, IsLossyInShow) {
  create("block");
  Process sub = subscribe("c", {"--lossy"});
  EXPECT_EQ(subscriber().at("state"), "lossy");
  EXPECT_THAT(busbar({"show", "c"}).out, ContainsRegex("lossy +0 +0 +0 +busbar"));
}

TEST_F(CliLossy, LosesItsSeatIfItIsReliableAndTheChannelEvicts) {
  create("evict");
  Process sub = subscribe("c", {});
  lap(sub);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_THAT(sub.stderr_text(),
              HasSubstr("busbar: channel \"c\" says evict and has taken this seat away"));
  EXPECT_THAT(sub.stderr_text(), HasSubstr("--lossy"));
  // What it had received before is whole.
  EXPECT_TRUE(many_lines().starts_with(sub.stdout_text()));
}

TEST_F(CliLossy, ShowTellsThatASeatWasEvicted) {
  create("evict");
  Process sub = subscribe("c", {});
  sub.kill(SIGSTOP);
  ASSERT_EQ(busbar({"pub", "c"}, many_lines()).status, 0);
  EXPECT_EQ(subscriber().at("state"), "evicted");
  const Json channel = Json::parse(busbar({"--json", "ls"}).out).at("channels").at(0);
  EXPECT_EQ(channel.at("evicted"), 1);
  EXPECT_THAT(busbar({"show", "c"}).out, HasSubstr("\nevicted      1\n"));
}

TEST_F(CliLossy, LosesNoSeatOfAChannelThatEvictsWhileItKeepsUp) {
  create("evict");
  Process sub = subscribe("c", {});
  EXPECT_EQ(busbar({"pub", "c", "--end"}, "1\n2\n3\n").status, 0);
  EXPECT_EQ(sub.wait(), 0) << sub.stderr_text();
  EXPECT_EQ(sub.stdout_text(), "1\n2\n3\n");
}

TEST_F(CliLossy, LosesMessagesButNoSeatOnAChannelThatEvicts) {
  create("evict");
  Process sub = subscribe("c", {"--lossy"});
  lap(sub);
  EXPECT_EQ(sub.wait(), 1);
  EXPECT_EQ(lost_in(sub.stderr_text()) + count_lines(sub.stdout_text()), std::uint64_t{kLines});
  EXPECT_EQ(Json::parse(busbar({"--json", "ls"}).out).at("channels").at(0).at("evicted"), 0);
}

}  // namespace
}  // namespace busbar::test
