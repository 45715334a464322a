// Where membarrier is refused, by the kernel or by a filter: both sides fence, and say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <string>

#include "common/base/error.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/forked_client.hpp"
#include "tests/support/no_membarrier.hpp"
#include "tests/support/raw_client.hpp"

namespace busbar::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kRefusals[] = {ENOSYS, EPERM};

std::vector<std::string> command(const TestBroker& broker, std::vector<std::string> words) {
  words.insert(words.begin(), {BUSBAR_CLI_PATH, "--socket", broker.socket()});
  return words;
}

TEST(Fences, ABrokerWithoutMembarrierMakesChannelsOfFullFencesAndSaysSo) {
  for (const int error : kRefusals) {
    const TestBroker broker({.membarrier_error = error});
    Bus bus = broker.connect();
    EXPECT_EQ(bus.create("c").fences, "full");
    EXPECT_THAT(run(command(broker, {"show", "c"})).out, HasSubstr("fences       full\n"));
  }
}

TEST(Fences, ABrokerWithMembarrierSaysSoToo) {
  const TestBroker broker;
  EXPECT_EQ(broker.connect().create("c").fences, "membarrier");
}

TEST(Fences, AClientWithoutMembarrierIsRefusedAChannelThatReliesOnIt) {
  const TestBroker broker;
  broker.connect().create("c");
  for (const int error : kRefusals) {
    for (const char* verb : {"pub", "sub"}) {
      Process client(command(broker, {verb, "c"}), {.membarrier_error = error});
      EXPECT_EQ(client.wait(), 1);
      EXPECT_THAT(client.stderr_text(),
                  AllOf(HasSubstr("channel \"c\" relies on membarrier, which this process may not"),
                        HasSubstr("seccomp"), HasSubstr("fences \"full\"")));
    }
  }
}

TEST(Fences, AClientThatMayOnlyRegisterForMembarrierIsRefusedToo) {
  const TestBroker broker;
  broker.connect().create("c");
  const ForkedClient client([&] {
    if (!refuse_membarrier_fence(EPERM)) throw std::runtime_error("no filter");
    Bus bus = broker.connect("filtered");
    try {
      bus.subscriber("c");
    } catch (const Error& error) {
      if (error.errc() == Errc::refused) return;
      throw;
    }
    throw std::runtime_error("it was let in");
  });
}

TEST(Fences, ARefusedClientLeavesItsPlaceToOthers) {
  const TestBroker broker;
  Bus bus = broker.connect();
  bus.create("c", {.max_publishers = 1});
  Process refused(command(broker, {"pub", "c"}), {.membarrier_error = EPERM});
  EXPECT_EQ(refused.wait(), 1);
  EXPECT_TRUE(eventually([&] { return bus.channel("c").publishers.empty(); }));
}

/// Sends a thousand lines through a channel whose broker and members all are without membarrier.
/// The ring has room for them all, so that a lossy seat misses none.
void exchange_without_membarrier(WhenFull when_full, const std::vector<std::string>& sub_options) {
  const TestBroker broker({.membarrier_error = EPERM});
  broker.connect().create("c", {.capacity = 1 << 20, .when_full = when_full});
  std::vector<std::string> words{"sub", "c"};
  words.insert(words.end(), sub_options.begin(), sub_options.end());
  Process sub(command(broker, words), {.membarrier_error = EPERM});
  ASSERT_TRUE(sub.wait_for_stderr("subscribed to")) << sub.stderr_text();
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::to_string(i) + "\n";
  Process pub(command(broker, {"pub", "c", "--end"}),
              {.stdin_pipe = true, .membarrier_error = EPERM});
  pub.write_stdin(lines);
  pub.close_stdin();
  EXPECT_EQ(pub.wait(), 0) << pub.stderr_text();
  EXPECT_EQ(sub.wait(), 0) << sub.stderr_text();
  EXPECT_EQ(sub.stdout_text(), lines);
}

TEST(FullFences, CarryMessagesToAReliableSeat) {
  exchange_without_membarrier(WhenFull::block, {});
}

TEST(FullFences, CarryMessagesToALossySeat) {
  exchange_without_membarrier(WhenFull::block, {"--lossy"});
}

TEST(FullFences, CarryMessagesOfAChannelThatEvicts) {
  exchange_without_membarrier(WhenFull::evict, {});
}

}  // namespace
}  // namespace busbar::test
