#include <gtest/gtest.h>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

// Short runs of what scripts/soak.sh does at length.
void soak(const std::vector<std::string>& arguments) {
  const TestBroker broker;
  std::vector<std::string> argv{BUSBAR_SOAK_PATH, broker.socket()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const Ran ran = run(argv);
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
}

TEST(Soak, OnePublisherReachesThreeSubscribersWithEveryByteRight) {
  soak({"1", "3", "256MiB", "64MiB"});
}

TEST(Soak, FourPublishersReachThreeSubscribersInOneOrder) {
  soak({"4", "3", "256MiB", "64MiB"});
}

TEST(Soak, ASmallRingMakesEverybodyWaitForEverybody) {
  soak({"3", "3", "8MiB", "64KiB", "1", "8KiB"});
}

TEST(Soak, SmallMessagesOfOnePublisherArrive) {
  soak({"1", "2", "16MiB", "1MiB", "1", "64"});
}

}  // namespace
}  // namespace busbar::test
