#include <gtest/gtest.h>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

// Short runs of what scripts/soak.sh does at length; tests/soak/options.hpp says what they mean.
void soak(const std::vector<std::string>& arguments) {
  const TestBroker broker;
  std::vector<std::string> argv{BUSBAR_SOAK_PATH, broker.socket()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const Ran ran = run(argv);
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
}

TEST(Soak, OnePublisherReachesThreeSubscribersWithEveryByteRight) {
  soak({"reliable=3", "bytes=256MiB"});
}

TEST(Soak, FourPublishersReachThreeSubscribersInOneOrder) {
  soak({"publishers=4", "reliable=3", "bytes=256MiB"});
}

TEST(Soak, ASmallRingMakesEverybodyWaitForEverybody) {
  soak({"publishers=3", "reliable=3", "bytes=8MiB", "capacity=64KiB", "largest=8KiB"});
}

TEST(Soak, SmallMessagesOfOnePublisherArrive) {
  soak({"reliable=2", "bytes=16MiB", "capacity=1MiB", "largest=64"});
}

TEST(Soak, SlowLossySubscribersOfOnePublisherKnowExactlyWhatTheyMissed) {
  soak({"reliable=1", "lossy=2", "bytes=256MiB", "capacity=4MiB", "largest=64KiB"});
}

TEST(Soak, LossySubscribersAreExactWherePublishersAbort) {
  soak({"publishers=4", "aborting=2", "reliable=2", "lossy=4", "bytes=128MiB", "capacity=1MiB",
        "largest=64KiB"});
}

TEST(Soak, LossySubscribersThatComeInMidStreamAreExact) {
  soak({"publishers=4", "aborting=2", "reliable=1", "joiners=3", "bytes=128MiB", "capacity=1MiB",
        "largest=32KiB"});
}

TEST(Soak, LossySubscribersThatComeInMidStreamBeginWhereTheyJoined) {
  soak({"joiners=3", "seconds=1", "capacity=64KiB", "largest=0"});
}

TEST(Soak, NothingIsTornHoweverOftenALossySubscriberIsLapped) {
  soak({"lossy=4", "seconds=1.5", "capacity=64KiB", "largest=0"});
  soak({"lossy=3", "joiners=1", "seconds=1.5", "capacity=1MiB", "largest=0"});
}

TEST(Soak, NothingIsTornWhereBothSidesFence) {
  soak({"lossy=3", "joiners=1", "seconds=1.5", "capacity=64KiB", "largest=0", "fences=full"});
}

}  // namespace
}  // namespace busbar::test
