// Examples that need no second terminal, with small numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/process.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;

#ifdef KEEP_FRAMES_PATH  // builds with sanitizers leave the examples out
TEST(Examples, KeepFramesKeepsThemUnchangedWhileThePublisherGoesOn) {
  const TestBroker broker;
  // Seven times round the ring, as fast as it can.
  Process example({KEEP_FRAMES_PATH, "500", "0", "20"},
                  {.environment = {"BUSBAR_SOCKET=" + broker.socket()}});
  EXPECT_EQ(example.wait(), 0) << example.stderr_text();
  EXPECT_THAT(example.stdout_text(), HasSubstr("\n5 frames were kept, 0 of them changed\n"));
}
#endif

}  // namespace
}  // namespace busbar::test
