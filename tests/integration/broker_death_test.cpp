#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "common/base/error.hpp"
#include "common/ring/format.hpp"
#include "common/shm/mapping.hpp"
#include "tests/support/forked_client.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using control::Open;
using control::Opened;
using control::Role;
using ::testing::HasSubstr;

/// The memory of a channel, mapped as its publisher may.
struct MappedChannel {
  explicit MappedChannel(const RawClient::Answer& opened)
      : ring(map(opened.descriptors.at(0).get())), seats(map(opened.descriptors.at(1).get())) {
    view = ring::view(ring.data(), ring.bytes(), seats.data(), seats.bytes());
  }
  static shm::Mapping map(int fd) {
    return shm::Mapping::plain(fd, shm::segment_size(fd), shm::Access::read_write);
  }

  shm::Mapping ring;
  shm::Mapping seats;
  ring::RingView view;
};

bool opens(RawClient& client, const std::string& channel, Role role) {
  return std::holds_alternative<Opened>(client.ask(Open{channel, role}).reply.body);
}

std::optional<control::ClientReport> find_client(RawClient& client, const std::string& name) {
  const auto answer = client.ask(control::Clients{});
  for (const auto& report : answer.as<control::ClientList>().clients) {
    if (report.name == name) return report;
  }
  return std::nullopt;
}

TEST(BrokerDeath, FreesThePlacesOfAKilledClient) {
  TestBroker broker;
  RawClient client(broker.socket());
  ForkedClient feed([&] {
    auto* member = new RawClient(broker.socket(), "feed");
    member->ask(Open{"quotes", Role::publisher}).as<Opened>();
    member->ask(Open{"quotes", Role::subscriber}).as<Opened>();
  });
  ASSERT_FALSE(opens(client, "quotes", Role::publisher));
  feed.kill();
  EXPECT_TRUE(eventually([&] { return opens(client, "quotes", Role::publisher); }));
  EXPECT_TRUE(eventually([&] { return !find_client(client, "feed"); }));
  EXPECT_EQ(client.ask(control::Show{"quotes"}).as<control::ChannelShown>().subscribers.size(), 0u);
}

TEST(BrokerDeath, SeesADeathThoughAForkedChildKeepsTheSocketOpen) {
  TestBroker broker;
  RawClient client(broker.socket());
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ForkedClient feed([&] {
    auto* member = new RawClient(broker.socket(), "feed");
    member->ask(Open{"quotes", Role::publisher}).as<Opened>();
    if (::fork() == 0) {  // keeps the socket until the test lets go of the pipe
      ::close(ends[1]);
      char byte = 0;
      static_cast<void>(::read(ends[0], &byte, 1));
      ::_exit(0);
    }
  });
  feed.kill();
  EXPECT_TRUE(eventually([&] { return opens(client, "quotes", Role::publisher); }));
  ::close(ends[1]);
  ::close(ends[0]);
}

TEST(BrokerDeath, KeepsThePlacesOfALiveClientThatClosedItsSocket) {
  TestBroker broker;
  RawClient client(broker.socket());
  RawClient feed(broker.socket(), "feed");
  ASSERT_TRUE(opens(feed, "quotes", Role::publisher));
  feed.close();
  ASSERT_TRUE(eventually([&] { return !find_client(client, "feed").value().connected; }));
  EXPECT_FALSE(opens(client, "quotes", Role::publisher));
  EXPECT_EQ(find_client(client, "feed").value().publishers, 1u);
}

TEST(BrokerDeath, ForgetsAClientThatClosedItsSocketAndHeldNothing) {
  TestBroker broker;
  RawClient client(broker.socket());
  RawClient idle(broker.socket(), "idle");
  ASSERT_TRUE(find_client(client, "idle"));
  idle.close();
  EXPECT_TRUE(eventually([&] { return !find_client(client, "idle"); }));
}

TEST(BrokerDeath, FreesAPlaceOnItsHoldersLeave) {
  TestBroker broker;
  RawClient client(broker.socket());
  const auto opened = client.ask(Open{"quotes", Role::publisher});
  const Opened place = opened.as<Opened>();
  client.send_request(control::Leave{place.channel_id, Role::publisher, 0, place.grant});
  EXPECT_TRUE(opens(client, "quotes", Role::publisher));
}

TEST(BrokerDeath, IgnoresALateLeaveOfAnEarlierGrantOfThePlace) {
  TestBroker broker;
  RawClient client(broker.socket());
  const Opened first = client.ask(Open{"quotes", Role::publisher}).as<Opened>();
  client.send_request(control::Leave{first.channel_id, Role::publisher, 0, first.grant});
  ASSERT_TRUE(opens(client, "quotes", Role::publisher));
  client.send_request(control::Leave{first.channel_id, Role::publisher, 0, first.grant});
  EXPECT_FALSE(opens(client, "quotes", Role::publisher));
}

TEST(BrokerDeath, IgnoresALeaveFromWhoDoesNotHoldThePlace) {
  TestBroker broker;
  RawClient feed(broker.socket(), "feed");
  const auto opened = feed.ask(Open{"quotes", Role::publisher});
  RawClient other(broker.socket(), "other");
  const std::uint64_t id = opened.as<Opened>().channel_id;
  other.send_request(control::Leave{id, Role::publisher, 0, opened.as<Opened>().grant});
  other.send_request(control::Leave{id, Role::publisher, 4000000000, 1});
  other.send_request(control::Leave{id + 1, Role::subscriber, 0, 1});
  EXPECT_FALSE(opens(other, "quotes", Role::publisher));
}

TEST(BrokerDeath, FreesAPlaceMarkedAsLeftBeforeItRefusesAnother) {
  TestBroker broker;
  RawClient feed(broker.socket(), "feed");
  const MappedChannel channel(feed.ask(Open{"quotes", Role::publisher}));
  RawClient other(broker.socket(), "other");
  ASSERT_FALSE(opens(other, "quotes", Role::publisher));
  channel.view.slots[0].word = layout::SlotWord(layout::SlotState::left, 1);
  EXPECT_TRUE(opens(other, "quotes", Role::publisher));
  EXPECT_EQ(find_client(other, "feed").value().publishers, 0u);
}

TEST(BrokerDeath, FreesAPlaceMarkedAsLeftWhenItsSocketIsClosed) {
  TestBroker broker;
  RawClient client(broker.socket());
  RawClient feed(broker.socket(), "feed");
  const MappedChannel channel(feed.ask(Open{"quotes", Role::publisher}));
  channel.view.slots[0].word = layout::SlotWord(layout::SlotState::left, 1);
  feed.close();
  EXPECT_TRUE(eventually([&] { return !find_client(client, "feed"); }));
}

TEST(BrokerDeath, ClosesAChannelWhoseDeadPublisherHasLeftNonsense) {
  TestBroker broker;
  RawClient client(broker.socket());
  ForkedClient feed([&] {
    auto* member = new RawClient(broker.socket(), "feed");
    const MappedChannel channel(member->ask(Open{"quotes", Role::publisher}));
    const std::uint64_t at = channel.view.control->publishers.claimed;
    const layout::Word nonsense(layout::RecordState::claimed, channel.view.capacity * 2, 0);
    channel.view.record(at).word = nonsense.bits();
  });
  feed.kill();
  EXPECT_TRUE(broker.process().wait_for_stderr("channel \"quotes\" is damaged"));
  EXPECT_TRUE(client.ask(control::List{}).as<control::ChannelList>().channels.empty());
  EXPECT_TRUE(eventually([&] { return broker.segments().empty(); }));
}

TEST(BrokerDeath, RepairsARecordWhoseHeaderLiesAcrossTheEndOfTheRing) {
  TestBroker broker;
  RawClient client(broker.socket());
  ForkedClient feed([&] {
    auto* member = new RawClient(broker.socket(), "feed");
    const MappedChannel channel(member->ask(Open{"quotes", Role::publisher}));
    const std::uint64_t at = channel.view.capacity - 8;  // the word; type and number wrap around
    auto& line = channel.view.control->publishers;
    line.sequence = 41;
    line.claimed = at;
    const std::uint32_t sequence = 41;
    std::memcpy(channel.view.data + 4, &sequence, sizeof sequence);
    channel.view.record(at).word = layout::Word(layout::RecordState::claimed, 24, 0).bits();
  });
  feed.kill();
  ASSERT_TRUE(eventually([&] { return opens(client, "quotes", Role::publisher); }));
  const auto shown = client.ask(control::Show{"quotes"});
  const auto& report = shown.as<control::ChannelShown>().channel;
  EXPECT_EQ(report.sequence, 42u);
  EXPECT_EQ(report.claimed, report.capacity + 16);
}

TEST(BrokerDeath, SurvivesSegmentsFullOfNoise) {
  TestBroker broker;
  RawClient client(broker.socket());
  for (int round = 0; round < 20; ++round) {
    ForkedClient feed([&] {
      auto* member = new RawClient(broker.socket(), "feed");
      const MappedChannel channel(member->ask(Open{"noise", Role::publisher}));
      member->ask(Open{"noise", Role::subscriber}).as<Opened>();
      std::uint64_t state = 88172645463325252u + static_cast<std::uint64_t>(round);
      const auto scribble = [&](const shm::Mapping& mapping) {
        for (std::uint64_t at = 4096; at < std::min<std::uint64_t>(mapping.bytes(), 1 << 20);
             ++at) {
          state = state * 6364136223846793005u + 1442695040888963407u;
          mapping.data()[at] = static_cast<std::byte>(state >> 56);
        }
      };
      scribble(channel.ring);
      scribble(channel.seats);
    });
    client.ask(control::Show{"noise"}).as<control::ChannelShown>();
    feed.kill();
    ASSERT_TRUE(eventually([&] { return !find_client(client, "feed"); }));
    client.ask(control::Remove{"noise", true});
  }
  client.ask(control::List{}).as<control::ChannelList>();
}

}  // namespace
}  // namespace busbar::test
