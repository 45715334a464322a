#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using control::Create;
using control::Created;
using control::Open;
using control::Opened;
using control::Role;
using ::testing::AllOf;
using ::testing::HasSubstr;

int code(Errc errc) {
  return static_cast<int>(errc);
}

Create create(const std::string& name, std::uint64_t capacity) {
  Create request{name, {}};
  request.settings.capacity = capacity;
  return request;
}

Create small(const std::string& name) {
  Create request = create(name, 4096);
  request.settings.max_subscribers = 1;
  return request;
}

TEST(BrokerChannels, CreatesWithDefaultsAndRoundsTheCapacityUp) {
  TestBroker broker;
  RawClient client(broker.socket());
  const auto answer = client.ask(create("quotes", 5000));
  const auto& channel = answer.as<Created>().channel;
  EXPECT_EQ(channel.capacity, 8192u);
  EXPECT_EQ(channel.max_message, 2048u);
  EXPECT_EQ(channel.when_full, "block");
  EXPECT_EQ(channel.max_publishers, 1u);
  EXPECT_EQ(channel.max_subscribers, 64u);
  EXPECT_EQ(channel.segment, "named");
}

TEST(BrokerChannels, CreatesTheSameChannelTwiceWithoutHarm) {
  TestBroker broker;
  RawClient client(broker.socket());
  client.ask(create("quotes", 65536)).as<Created>();
  client.ask(create("quotes", 65536)).as<Created>();
  EXPECT_EQ(broker.segments().size(), 2u);
}

TEST(BrokerChannels, RefusesAnExistingChannelWithOtherSettingsInWords) {
  TestBroker broker;
  RawClient client(broker.socket());
  client.ask(create("quotes", 65536)).as<Created>();
  const auto answer = client.ask(create("quotes", 131072));
  EXPECT_EQ(answer.failure().code, code(Errc::channel_exists));
  EXPECT_THAT(answer.failure().text, HasSubstr("capacity is 64KiB, not 128KiB"));
}

TEST(BrokerChannels, RefusesWhatTheMemoryLimitDoesNotLeave) {
  TestBroker broker({.arguments = {}, .config = R"({"limits": {"memory": "1MiB"}})"});
  RawClient client(broker.socket());
  const auto answer = client.ask(create("quotes", 4 << 20));
  EXPECT_EQ(answer.failure().code, code(Errc::limit));
  EXPECT_THAT(answer.failure().text, AllOf(HasSubstr("channel \"quotes\": capacity 4MiB exceeds"),
                                           HasSubstr("1MiB of 1MiB"), HasSubstr("limits.memory")));
}

TEST(BrokerChannels, GivesTheMemoryOfARemovedChannelBack) {
  TestBroker broker({.arguments = {}, .config = R"({"limits": {"memory": "6MiB"}})"});
  RawClient client(broker.socket());
  client.ask(create("a", 4 << 20)).as<Created>();
  client.ask(create("b", 4 << 20)).failure();
  client.ask(control::Remove{"a"}).as<control::Done>();
  EXPECT_TRUE(eventually(
      [&] { return client.ask(control::Broker{}).as<control::BrokerReport>().memory == 0; }));
  client.ask(create("b", 4 << 20)).as<Created>();
}

TEST(BrokerChannels, RefusesChannelsBeyondTheLimit) {
  TestBroker broker({.arguments = {}, .config = R"({"limits": {"channels": 1}})"});
  RawClient client(broker.socket());
  client.ask(small("a")).as<Created>();
  const auto answer = client.ask(small("b"));
  EXPECT_EQ(answer.failure().code, code(Errc::limit));
  EXPECT_THAT(answer.failure().text, HasSubstr("limits.channels"));
}

TEST(BrokerChannels, MakesSealedSegmentsThatNobodyCanCutShort) {
  TestBroker broker;
  RawClient client(broker.socket());
  Create request = small("quotes");
  request.settings.segment = "sealed";
  EXPECT_EQ(client.ask(request).as<control::Created>().channel.segment, "sealed");
  EXPECT_THAT(broker.segments(), ::testing::IsEmpty());
  const auto opened = client.ask(Open{"quotes", Role::publisher});
  ASSERT_EQ(opened.descriptors.size(), 2u);
  for (const UniqueFd& segment : opened.descriptors) {
    const int seals = ::fcntl(segment.get(), F_GET_SEALS);
    EXPECT_EQ(seals, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    EXPECT_EQ(::ftruncate(segment.get(), 0), -1);
  }
}

TEST(BrokerChannels, SealsOfItsOwnAccordWhatOtherUsersMayUse) {
  TestBroker broker;
  RawClient client(broker.socket());
  Create request = small("quotes");
  request.settings.subscribe = control::Access{.users = {4711}};
  EXPECT_EQ(client.ask(request).as<control::Created>().channel.segment, "sealed");
  const auto shown = client.ask(control::Show{"quotes"}).as<control::ChannelShown>();
  EXPECT_EQ(shown.subscribe, (control::Access{.users = {4711}}));
  EXPECT_EQ(shown.publish, control::Access());
}

TEST(BrokerChannels, KeepsTheSessionOfARequestThatFails) {
  TestBroker broker;
  RawClient client(broker.socket());
  EXPECT_EQ(client.ask(control::Show{"nothing"}).failure().code, code(Errc::no_such_channel));
  EXPECT_EQ(client.ask(Open{"no/name", Role::publisher}).failure().code, code(Errc::invalid_name));
  client.ask(control::List{}).as<control::ChannelList>();
}

TEST(BrokerChannels, CreatesNothingByItselfIfThatIsConfigured) {
  TestBroker broker({.arguments = {}, .config = R"({"dynamic_channels": false})"});
  RawClient client(broker.socket());
  const auto answer = client.ask(Open{"quotes", Role::publisher});
  EXPECT_EQ(answer.failure().code, code(Errc::no_such_channel));
}

TEST(BrokerChannels, HasTheConfiguredOnesFromTheStart) {
  TestBroker broker(
      {.arguments = {}, .config = R"({"channels": [{"name": "quotes", "capacity": "64KiB"}]})"});
  RawClient client(broker.socket());
  EXPECT_EQ(client.ask(control::Show{"quotes"}).as<control::ChannelShown>().channel.capacity,
            65536u);
}

TEST(BrokerChannels, LetsManyOpenersWaitForOneCreation) {
  TestBroker broker;
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(broker.socket());
  for (auto& client : clients) client.send_request(Open{"quotes", Role::subscriber});
  std::set<std::uint64_t> ids;
  std::set<std::uint32_t> seats;
  for (auto& client : clients) {
    const auto answer = client.receive();
    ids.insert(answer.as<Opened>().channel_id);
    seats.insert(answer.as<Opened>().index);
  }
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(seats.size(), clients.size());
  EXPECT_EQ(broker.segments().size(), 2u);
}

TEST(BrokerChannels, GivesSubscribersTheRingToReadOnly) {
  TestBroker broker;
  RawClient client(broker.socket());
  const auto subscriber = client.ask(Open{"quotes", Role::subscriber});
  ASSERT_EQ(subscriber.descriptors.size(), 2u);
  EXPECT_EQ(::fcntl(subscriber.descriptors[0].get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(::fcntl(subscriber.descriptors[1].get(), F_GETFL) & O_ACCMODE, O_RDWR);
}

TEST(BrokerChannels, GivesPublishersTheRingToWrite) {
  TestBroker broker;
  RawClient client(broker.socket());
  const auto publisher = client.ask(Open{"quotes", Role::publisher});
  ASSERT_EQ(publisher.descriptors.size(), 2u);
  EXPECT_EQ(::fcntl(publisher.descriptors[0].get(), F_GETFL) & O_ACCMODE, O_RDWR);
}

TEST(BrokerChannels, RefusesASecondPublisherNamingTheFirst) {
  TestBroker broker;
  RawClient feed(broker.socket(), "feed");
  feed.ask(Open{"quotes", Role::publisher}).as<Opened>();
  RawClient other(broker.socket(), "other");
  const auto answer = other.ask(Open{"quotes", Role::publisher});
  EXPECT_EQ(answer.failure().code, code(Errc::in_use));
  EXPECT_THAT(answer.failure().text, AllOf(HasSubstr("admits 1 publisher and \"feed\" (pid "),
                                           HasSubstr("max_publishers")));
}

TEST(BrokerChannels, RefusesASubscriberWhenAllSeatsAreTaken) {
  TestBroker broker;
  RawClient client(broker.socket());
  Create request = small("quotes");
  request.settings.max_subscribers = 2;
  client.ask(request).as<Created>();
  client.ask(Open{"quotes", Role::subscriber}).as<Opened>();
  client.ask(Open{"quotes", Role::subscriber}).as<Opened>();
  const auto answer = client.ask(Open{"quotes", Role::subscriber});
  EXPECT_EQ(answer.failure().code, code(Errc::limit));
  EXPECT_THAT(answer.failure().text, HasSubstr("admits 2 subscribers"));
}

TEST(BrokerChannels, RefusesToRemoveAChannelWithMembersNamingThem) {
  TestBroker broker;
  RawClient client(broker.socket(), "feed");
  client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  const auto answer = client.ask(control::Remove{"quotes"});
  EXPECT_EQ(answer.failure().code, code(Errc::in_use));
  EXPECT_THAT(answer.failure().text, HasSubstr("\"feed\""));
}

TEST(BrokerChannels, RemovesByForceAndKeepsTheMemoryChargedWhileMembersHaveIt) {
  TestBroker broker;
  RawClient client(broker.socket());
  const auto opened = client.ask(Open{"quotes", Role::publisher});
  client.ask(control::Remove{"quotes", true}).as<control::Done>();
  EXPECT_TRUE(client.ask(control::List{}).as<control::ChannelList>().channels.empty());
  // Created behind whatever the removal had the housekeeper do.
  const auto created = client.ask(small("other"));
  const std::uint64_t rest = created.as<Created>().channel.memory;
  const auto memory = [&] {
    return client.ask(control::Broker{}).as<control::BrokerReport>().memory;
  };
  EXPECT_GT(memory(), rest);
  client.send_request(control::Leave{opened.as<Opened>().channel_id, Role::publisher, 0,
                                     opened.as<Opened>().grant});
  EXPECT_TRUE(eventually([&] { return memory() == rest; }));
}

TEST(BrokerChannels, ListsManyInPagesThatFitIntoAPacket) {
  TestBroker broker;
  RawClient client(broker.socket());
  std::set<std::string> expected;
  for (int i = 0; i < 150; ++i) {
    const std::string name = std::string(120, 'x') + std::to_string(i);
    client.ask(small(name)).as<Created>();
    expected.insert(name);
  }
  std::vector<std::string> listed;
  for (bool more = true; more;) {
    const auto answer = client.ask(control::List{listed.empty() ? "" : listed.back()});
    const auto& page = answer.as<control::ChannelList>();
    for (const auto& channel : page.channels) listed.push_back(channel.name);
    more = page.more;
  }
  EXPECT_EQ(listed, std::vector<std::string>(expected.begin(), expected.end()));
}

TEST(BrokerChannels, ShowsAllMembersInPages) {
  TestBroker broker;
  RawClient client(broker.socket(), std::string(128, '"'));
  Create request = create("quotes", 4096);
  request.settings.max_publishers = 64;
  request.settings.max_subscribers = 256;
  client.ask(request).as<Created>();
  for (int i = 0; i < 64; ++i) client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  for (int i = 0; i < 256; ++i) client.ask(Open{"quotes", Role::subscriber}).as<Opened>();
  std::size_t publishers = 0;
  std::set<std::uint32_t> seats;
  control::Show show{"quotes", 0};
  do {
    const auto answer = client.ask(show);
    const auto& page = answer.as<control::ChannelShown>();
    publishers += page.publishers.size();
    for (const auto& subscriber : page.subscribers) seats.insert(subscriber.seat);
    show.from = page.next;
  } while (show.from != 0);
  EXPECT_EQ(publishers, 64u);
  EXPECT_EQ(seats.size(), 256u);
}

}  // namespace
}  // namespace busbar::test
