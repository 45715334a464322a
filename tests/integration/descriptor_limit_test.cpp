#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// What busbard says up to where it serves, with so many descriptors at most.
std::string words_with(int soft, int hard, const std::string& config) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path("busbar.json")) << config;
  const std::string limits =
      "ulimit -Sn " + std::to_string(soft) + "; ulimit -Hn " + std::to_string(hard);
  Process broker({"sh", "-c", limits + "; exec \"$0\" \"$@\"", BUSBARD_PATH, "--socket",
                  directory.path("control.sock"), "--config", directory.path("busbar.json")});
  EXPECT_TRUE(broker.wait_for_stderr("serves bus")) << broker.stderr_text();
  return broker.stderr_text();
}

TEST(DescriptorLimit, IsRaisedAsFarAsItMayBe) {
  const std::string words = words_with(100, 300, R"({"limits": {"clients": 20, "channels": 20}})");
  EXPECT_THAT(words, HasSubstr("300 descriptors may be open"));
  EXPECT_THAT(words, Not(HasSubstr("warning")));
}

TEST(DescriptorLimit, IsWarnedOfIfTheLimitsDoNotFitBelowIt) {
  const std::string words = words_with(100, 300, R"({"limits": {"clients": 20, "channels": 90}})");
  EXPECT_THAT(words, HasSubstr("limits.clients 20 and limits.channels 90 need 432 descriptors, 300 "
                               "may be open"));
  EXPECT_THAT(words, HasSubstr("LimitNOFILE=432"));
}

}  // namespace
}  // namespace busbar::test
