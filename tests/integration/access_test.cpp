#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/forked_client.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const User kFeed{1001, 2001};
const User kReader{1002, 2002};
const User kAdmin{1003, 2003};
const User kStranger{1009, 2009};
constexpr uid_t kOverflow = 65534;

/// A broker of root's whose socket everybody may connect to, and clients of other users.
class Access : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_become_others()) GTEST_SKIP() << "not root: cannot become another user";
  }

  /// `keys`: of the configuration, behind the bus's own.
  void start(const std::string& keys) {
    broker_.emplace(TestBroker::Options{
        .config = R"({"bus": {"socket_mode": "0666"}, )" + keys + "}", .for_others = true});
  }
  TestBroker& broker() { return *broker_; }

  /// What a client of that user does; "done" or what it was told.
  std::string tries(const User& user, const std::function<void(Bus&)>& body) {
    return as_user(user, [&] {
      Bus bus = broker().connect("client-of-" + std::to_string(user.uid));
      body(bus);
      return std::string("done");
    });
  }
  std::string publishes(const User& user, const std::string& channel = "a") {
    return tries(user, [&](Bus& bus) { bus.publisher(channel); });
  }
  std::string subscribes(const User& user, const std::string& channel = "a") {
    return tries(user, [&](Bus& bus) { bus.subscriber(channel); });
  }

 private:
  std::optional<TestBroker> broker_;
};

constexpr const char* kFeedAndReader =
    R"("channels": [{"name": "a", "publish": {"users": [1001]}, "subscribe": {"users": [1002]}}])";

TEST_F(Access, ToPublishIsNotAccessToSubscribeAndTheOtherWayRound) {
  start(kFeedAndReader);
  EXPECT_EQ(publishes(kFeed), "done");
  EXPECT_EQ(subscribes(kReader), "done");
  EXPECT_THAT(subscribes(kFeed), AllOf(HasSubstr("uid 1001 may not subscribe to channel \"a\""),
                                       HasSubstr("its \"subscribe\" list names neither")));
  EXPECT_THAT(publishes(kReader), HasSubstr("uid 1002 may not publish to channel \"a\""));
}

TEST_F(Access, LetsAMessageGoFromOneUserToAnother) {
  start(kFeedAndReader);
  Bus root = broker().connect("root");
  const ForkedClient reader([&] {
    become(kReader);
    static Bus bus = broker().connect("reader");
    static Subscriber subscriber = bus.subscriber("a");
  });
  EXPECT_EQ(tries(kFeed,
                  [](Bus& bus) {
                    auto publisher = bus.publisher("a");
                    if (publisher.publish({}) != Outcome::ok)
                      throw std::runtime_error("unpublished");
                  }),
            "done");
  const ChannelDetails shown = root.channel("a");
  ASSERT_EQ(shown.subscribers.size(), 1u);
  EXPECT_GT(shown.subscribers[0].lag_bytes, 0u);
}

TEST_F(Access, IsGivenToGroupsPrimaryAndSupplementaryHoweverManyThereAre) {
  start(R"("channels": [{"name": "a", "publish": {"groups": [3000]}}])");
  EXPECT_EQ(publishes({1001, 3000}), "done");
  EXPECT_EQ(publishes({1001, 2001, {3000}}), "done");
  std::vector<gid_t> many;
  for (gid_t group = 4000; group < 4100; ++group) many.push_back(group);
  EXPECT_THAT(publishes({1001, 2001, many}), HasSubstr("may not join"));
  many.push_back(3000);
  EXPECT_EQ(publishes({1001, 2001, many}), "done");
}

TEST_F(Access, OfAdminsIsToManageAndNotToUse) {
  start(R"("admin": {"users": [1003]}, "channels": [{"name": "a"}])");
  EXPECT_EQ(tries(kAdmin,
                  [](Bus& bus) {
                    bus.create("b");
                    bus.channel("a");
                    bus.clients();
                    bus.remove("b");
                    if (bus.channels().size() != 1) throw std::runtime_error("sees too little");
                  }),
            "done");
  EXPECT_THAT(publishes(kAdmin), HasSubstr("uid 1003 may not publish to channel \"a\""));
  EXPECT_THAT(subscribes(kAdmin), HasSubstr("uid 1003 may not subscribe to channel \"a\""));
}

TEST_F(Access, IsRefusedAtTheDoorToWhomNoListNamesAndLogged) {
  start(kFeedAndReader);
  EXPECT_THAT(publishes(kStranger), AllOf(HasSubstr("uid 1009 may not join this bus"),
                                          HasSubstr("no \"publish\", \"subscribe\" or \"admin\" "
                                                    "list names it or one of its groups")));
  EXPECT_TRUE(broker().process().wait_for_stderr("uid 1009 may not join"));
}

TEST_F(Access, ToChannelsThatAreMadeByOpeningGoesByTheDefaults) {
  start(R"("defaults": {"publish": {"users": [1001]}, "subscribe": {"users": ["*"]}})");
  EXPECT_THAT(publishes(kStranger, "new"), HasSubstr("may not publish to channel \"new\""));
  EXPECT_TRUE(broker().connect().channels().empty());
  EXPECT_EQ(publishes(kFeed, "new"), "done");
  EXPECT_EQ(subscribes(kStranger, "new"), "done");
}

TEST_F(Access, ToOneChannelDoesNotOpenOthersThatAreMadeByOpening) {
  start(kFeedAndReader);
  EXPECT_THAT(publishes(kFeed, "new"), HasSubstr("uid 1001 may not publish to channel \"new\""));
  Bus root = broker().connect();
  root.channel("a");  // once it is there
  EXPECT_EQ(root.channels().size(), 1u);
}

TEST_F(Access, OfEverybodyIsNotThatOfUsersWhomTheMachineDoesNotKnow) {
  start(R"("defaults": {"publish": {"users": ["*"]}, "subscribe": {"users": ["*"]}})");
  EXPECT_EQ(publishes(kStranger), "done");
  EXPECT_THAT(publishes({kOverflow, kOverflow}),
              AllOf(HasSubstr("uid 65534 may not join this bus"), HasSubstr("map the user")));
}

TEST_F(Access, ListsOnlyWhatOneMayUse) {
  start(R"("channels": [{"name": "a", "publish": {"users": [1001]}}, {"name": "b"},
                        {"name": "c", "subscribe": {"users": [1001]}}])");
  Bus root = broker().connect();
  ASSERT_TRUE(eventually([&] { return root.channels().size() == 3; }));
  const std::string seen = as_user(kFeed, [&] {
    std::string names;
    for (const ChannelInfo& info : broker().connect().channels()) names += info.name + " ";
    return names;
  });
  EXPECT_EQ(seen, "a c ");
}

TEST_F(Access, ToManageIsRefusedInWords) {
  start(kFeedAndReader);
  const std::string only = ": only root, the broker's user and those under \"admin\" may";
  EXPECT_THAT(tries(kFeed, [](Bus& bus) { bus.create("b"); }),
              HasSubstr("uid 1001 may not create channels" + only));
  EXPECT_THAT(tries(kFeed, [](Bus& bus) { bus.remove("a"); }),
              HasSubstr("uid 1001 may not remove channels" + only));
  EXPECT_THAT(tries(kFeed, [](Bus& bus) { bus.clients(); }),
              HasSubstr("uid 1001 may not list clients" + only));
  EXPECT_TRUE(broker().process().wait_for_stderr("\"client-of-1001\""));
}

TEST_F(Access, ToLookAtAChannelIsForWhoMayUseIt) {
  start(R"("channels": [{"name": "a", "publish": {"users": [1001]}},
                        {"name": "b", "publish": {"users": [1002]}}])");
  EXPECT_EQ(tries(kFeed, [](Bus& bus) { bus.channel("a"); }), "done");
  EXPECT_THAT(tries(kFeed, [](Bus& bus) { bus.channel("b"); }),
              HasSubstr("uid 1001 may not look at channel \"b\""));
}

TEST_F(Access, RefusedAHundredTimesIsLoggedTwentyTimesAndOthersStill) {
  start(kFeedAndReader);
  as_user(kFeed, [&] {
    RawClient client(broker().socket(), "stubborn");
    for (int i = 0; i < 100; ++i) client.ask(control::Clients{}).failure();
    return std::string();
  });
  EXPECT_THAT(publishes(kReader), HasSubstr("may not publish"));
  ASSERT_TRUE(broker().process().wait_for_stderr("uid 1002 may not publish"));
  const std::string log = broker().process().stderr_text();
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = log.find("may not list clients", at)) != std::string::npos; ++at) {
    ++lines;
  }
  EXPECT_EQ(lines, 20u);
  EXPECT_THAT(log, HasSubstr("uid 1001: no more of these for a minute"));
}

// ---- shares ----

constexpr const char* kEverybody =
    R"("defaults": {"capacity": "64KiB", "publish": {"users": ["*"]}, "subscribe": {"users": ["*"]}})";

TEST_F(Access, ToTheBrokerIsOfEachUserOnlySoManyClients) {
  start(R"("limits": {"per_user": {"clients": 3}}, )" + std::string(kEverybody));
  const auto connect = [&](std::size_t count) {
    std::vector<Bus> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(broker().connect());
    return std::string("done");
  };
  const ForkedClient three([&] {
    become(kFeed);
    static std::vector<Bus> all;
    for (int i = 0; i < 3; ++i) all.push_back(broker().connect());
  });
  EXPECT_THAT(as_user(kFeed, [&] { return connect(1); }),
              AllOf(HasSubstr("uid 1001 has 3 clients"), HasSubstr("limits.per_user.clients")));
  EXPECT_EQ(as_user(kReader, [&] { return connect(3); }), "done");
  EXPECT_EQ(connect(10), "done");  // root is not bound
}

TEST_F(Access, LetsNoUserTakeMoreThanHisChannels) {
  start(R"("limits": {"per_user": {"channels": 2}}, )" + std::string(kEverybody));
  EXPECT_EQ(publishes(kFeed, "a"), "done");
  EXPECT_EQ(publishes(kFeed, "b"), "done");
  EXPECT_THAT(publishes(kFeed, "c"), AllOf(HasSubstr("uid 1001 has created 2 channels"),
                                           HasSubstr("limits.per_user.channels")));
  EXPECT_EQ(publishes(kFeed, "a"), "done");
  EXPECT_EQ(publishes(kReader, "c"), "done");
}

TEST_F(Access, LetsNoUserTakeMoreThanHisMemory) {
  start(R"("limits": {"per_user": {"memory": "120KiB"}}, )" + std::string(kEverybody));
  EXPECT_EQ(publishes(kFeed, "a"), "done");
  EXPECT_THAT(publishes(kFeed, "b"), AllOf(HasSubstr("the channels of uid 1001 have"),
                                           HasSubstr("limits.per_user.memory")));
  EXPECT_EQ(publishes(kReader, "b"), "done");
}

TEST_F(Access, OfAUserAtHisLimitOfConnectionsDoesNotKeepOthersOut) {
  start(R"("limits": {"clients": 64, "per_user": {"clients": 4}}, )" + std::string(kEverybody));
  const ForkedClient greedy([&] {
    become(kFeed);
    static std::vector<RawClient> all;
    for (int i = 0; i < 200; ++i) all.push_back(RawClient::silent(broker().socket()));
  });
  EXPECT_EQ(publishes(kReader), "done");
  EXPECT_TRUE(broker().process().wait_for_stderr("too many connections of one user"));
}

// ---- what one holds ----

std::string try_to_write(const RawClient::Answer& opened) {
  const int ring = opened.descriptors.at(0).get();
  constexpr std::size_t kPage = 4096;
  std::string text;
  const auto tell = [&](const char* what, bool possible) {
    text += std::string(what) + ": " + (possible ? "possible" : std::strerror(errno)) + "; ";
  };
  tell("mmap", ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0) != MAP_FAILED);
  void* mapped = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, ring, 0);
  tell("mprotect", ::mprotect(mapped, kPage, PROT_READ | PROT_WRITE) == 0);
  const std::string again = "/proc/self/fd/" + std::to_string(ring);
  tell("open", ::open(again.c_str(), O_RDWR) >= 0);
  tell("chmod", ::fchmod(ring, 0666) == 0);
  tell("write", ::write(ring, "x", 1) == 1);
  tell("truncate", ::ftruncate(ring, 0) == 0);
  return text;
}

class Descriptors : public Access, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Access::SetUp();
    if (IsSkipped()) return;
    start(R"("channels": [{"name": "a", "segment": ")" + std::string(GetParam()) +
          R"(", "publish": {"users": [1001]}, "subscribe": {"users": [1002]}}])");
  }
};

TEST_P(Descriptors, OfARingGiveASubscriberOfAnotherUserNoWayToWrite) {
  const std::string tried = as_user(kReader, [&] {
    RawClient client(broker().socket());
    return try_to_write(client.ask(control::Open{"a", control::Role::subscriber}));
  });
  EXPECT_EQ(tried,
            "mmap: Permission denied; mprotect: Permission denied; open: Permission denied; "
            "chmod: Operation not permitted; write: Bad file descriptor; "
            "truncate: Invalid argument; ");
}

TEST_P(Descriptors, CannotBeCutShortOrGrown) {
  const std::string tried = as_user(kFeed, [&] {
    RawClient client(broker().socket());
    const auto opened = client.ask(control::Open{"a", control::Role::publisher});
    std::string text;
    for (const UniqueFd& fd : opened.descriptors) {
      for (const off_t size : {off_t{4096}, off_t{1} << 30}) {
        text +=
            ::ftruncate(fd.get(), size) == 0 ? "done; " : std::string(std::strerror(errno)) + "; ";
      }
    }
    return text;
  });
  EXPECT_EQ(tried,
            "Operation not permitted; Operation not permitted; "
            "Operation not permitted; Operation not permitted; ");
}

INSTANTIATE_TEST_SUITE_P(Backings, Descriptors, testing::Values("auto", "sealed"),
                         [](const auto& backing) { return std::string(backing.param); });

TEST_F(Access, OfOthersToANamedSegmentIsRefused) {
  start(R"("dynamic_channels": true)");
  Bus bus = broker().connect();
  try {
    bus.create("a", {.segment = "named", .publish = busbar::Access{.users = {1001}}});
    FAIL() << "a member of another user could cut it short under the broker";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("is for the broker's own user alone"));
  }
}

TEST_F(Access, OfOthersMakesAnAutoSegmentSealed) {
  start(R"("channels": [{"name": "a", "publish": {"users": [1001]}}, {"name": "b"}])");
  Bus bus = broker().connect();
  EXPECT_EQ(bus.channel("a").channel.segment, "sealed");
  EXPECT_EQ(bus.channel("b").channel.segment, "named");
}

}  // namespace
}  // namespace busbar::test
