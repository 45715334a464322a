// What `show` tells of seats, whatever stands in the memory that their clients write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/layout/pin.hpp"
#include "common/ring/format.hpp"
#include "common/shm/mapping.hpp"
#include "common/shm/segment.hpp"
#include "common/sync/coarse_clock.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/raw_client.hpp"

namespace busbar::test {
namespace {

using control::ChannelShown;
using control::Open;
using control::Opened;
using control::Role;
using control::Show;
using control::SubscriberReport;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kCapacity = 1 << 20;
constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};

/// A seat of channel "c", granted and then written to as its client may write: anything at all.
class OpenSeat {
 public:
  explicit OpenSeat(RawClient& client) : OpenSeat(client.ask(Open{"c", Role::subscriber})) {}

  layout::Seat& seat() const { return view_.seats[index_]; }
  layout::Seat& seat(std::uint32_t index) const { return view_.seats[index]; }

  /// Message `place` of this seat is held since `ago` milliseconds.
  void hold(std::uint32_t place, std::uint64_t bytes, std::uint32_t ago) const {
    seat().pinned_at_ms[place].store(sync::coarse_milliseconds() - ago);
    seat().pin[place].store(layout::Pin(place * 4096, bytes, kCapacity).bits());
  }

 private:
  explicit OpenSeat(const RawClient::Answer& answer)
      : index_(answer.as<Opened>().index),
        ring_(shm::Mapping::plain(answer.descriptors[0].get(),
                                  shm::segment_size(answer.descriptors[0].get()),
                                  shm::Access::read_only)),
        seats_(shm::Mapping::plain(answer.descriptors[1].get(),
                                   shm::segment_size(answer.descriptors[1].get()),
                                   shm::Access::read_write)),
        view_(ring::view(ring_.data(), ring_.bytes(), seats_.data(), seats_.bytes())) {}

  std::uint32_t index_;
  shm::Mapping ring_;
  shm::Mapping seats_;
  ring::RingView view_;
};

class ShowSeats : public CliTest {
 protected:
  ShowSeats() {
    control::Create request{"c", {}};
    request.settings.capacity = kCapacity;
    request.settings.max_subscribers = 256;
    client_.ask(request).as<control::Created>();
  }

  SubscriberReport shown() { return client_.ask(Show{"c"}).as<ChannelShown>().subscribers.at(0); }

  RawClient client_{broker_.socket(), "keeper"};
};

TEST_F(ShowSeats, TellsEveryStateByItsName) {
  const OpenSeat open(client_);
  const std::vector<std::pair<layout::SeatState, std::string>> names{
      {layout::SeatState::reserved, "joining"},
      {layout::SeatState::reliable, "reliable"},
      {layout::SeatState::lossy, "lossy"},
      {layout::SeatState::evicted, "evicted"},
      {layout::SeatState::left, "leaving"},
      {layout::SeatState::free, "leaving"},
      {static_cast<layout::SeatState>(77), "unknown"}};
  for (const auto& [state, name] : names) {
    open.seat().word.store({state, 1});
    EXPECT_EQ(shown().state, name);
  }
}

TEST_F(ShowSeats, TellsWhatALossySeatHasLost) {
  const OpenSeat open(client_);
  open.seat().lost.store(12345);
  EXPECT_EQ(shown().lost, 12345u);
  EXPECT_EQ(broker_.connect().channel("c").subscribers.at(0).lost, 12345u);
}

TEST_F(ShowSeats, TellsEachHeldMessageWithItsBytesAndSinceWhen) {
  const OpenSeat open(client_);
  open.hold(1, 4096, 9800);
  open.hold(6, 64, 0);
  const SubscriberReport report = shown();
  ASSERT_EQ(report.held.size(), 2u);
  EXPECT_EQ(report.held[0].bytes, 4096u);
  EXPECT_GE(report.held[0].for_ms, 9800u);
  EXPECT_EQ(report.held[1].bytes, 64u);
  EXPECT_LT(report.held[1].for_ms, report.held[0].for_ms);
}

/// Whoever lists channels sees at once where to look closer.
TEST_F(ShowSeats, TheListTellsTheLoadOfAllSubscribersTogether) {
  RawClient other(broker_.socket(), "slow");
  const OpenSeat keeper(client_);
  const OpenSeat slow(other);
  const OpenSeat lossy(client_);
  Publisher publisher = broker_.connect().publisher("c");
  EXPECT_EQ(publisher.publish(std::as_bytes(std::span("message"))), Outcome::ok);
  keeper.seat().word.store({layout::SeatState::lossy, 1});
  keeper.seat().lost.store(5);
  keeper.hold(1, 4096, 9800);
  keeper.hold(6, 64, 0);
  lossy.seat().word.store({layout::SeatState::lossy, 1});
  lossy.seat().lost.store(2);
  slow.seat().word.store({layout::SeatState::reliable, 1});
  slow.seat().cursor.store(0);
  slow.hold(0, 128, 100);
  const ChannelInfo channel = broker_.connect().channels().at(0);
  EXPECT_EQ(channel.load.lag_bytes, channel.claimed);
  EXPECT_GT(channel.load.lag_bytes, 0u);
  EXPECT_EQ(channel.load.lag_name, "slow");
  EXPECT_EQ(channel.load.lost, 7u);
  EXPECT_EQ(channel.load.held, 3u);
  EXPECT_EQ(channel.load.held_bytes, 4096u + 64u + 128u);
  EXPECT_GE(channel.load.held_longest.count(), 9800);
  EXPECT_EQ(channel.load.held_name, "keeper");
  const auto shown = client_.ask(Show{"c"}).as<ChannelShown>().subscribers;
  EXPECT_EQ(channel.load.lag_client, shown.at(1).client);
  EXPECT_EQ(channel.load.held_client, shown.at(0).client);
}

TEST_F(ShowSeats, CallsAMessageThatIsNewerThanTheLookAtTheClockNew) {
  const OpenSeat open(client_);
  open.hold(0, 64, static_cast<std::uint32_t>(-50'000));
  EXPECT_EQ(shown().held.at(0).for_ms, 0u);
}

TEST_F(ShowSeats, TellsNoLagOfASeatThatGatesNobodyAnyMore) {
  const OpenSeat open(client_);
  open.seat().cursor.store(kAllOnes);
  for (const auto state :
       {layout::SeatState::reliable, layout::SeatState::lossy, layout::SeatState::evicted}) {
    open.seat().word.store({state, 1});
    EXPECT_EQ(shown().lag_bytes, 0u);
    EXPECT_EQ(shown().state, "leaving");
  }
}

TEST_F(ShowSeats, ShowsTheHoldingOfEachSubscriberInOneLine) {
  const OpenSeat open(client_);
  open.seat().word.store({layout::SeatState::lossy, 1});
  open.seat().lost.store(17);
  open.hold(0, 1 << 18, 3'600'000);
  open.hold(3, 1 << 18, 1000);
  const Ran table = busbar({"show", "c"});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, ContainsRegex("SUBSCRIBER +CLIENT +PID +STATE +LAG +LOST +HELD +NAME"));
  EXPECT_THAT(table.out, ContainsRegex("lossy +0 +17 +2, 512KiB, longest 1h +keeper"));
  EXPECT_THAT(table.out, Not(HasSubstr("HELD FOR")));
}

TEST_F(ShowSeats, ListsTheHeldMessagesOneByOneIfAsked) {
  const OpenSeat open(client_);
  EXPECT_THAT(busbar({"show", "c", "--held"}).out, HasSubstr("\nno held messages\n"));
  open.hold(0, 512, 3'600'000);
  open.hold(3, 1 << 18, 7'200'000);
  const Ran table = busbar({"show", "c", "--held"});
  EXPECT_THAT(table.out, ContainsRegex("SUBSCRIBER +PID +BYTES +HELD FOR +NAME"));
  EXPECT_THAT(table.out, ContainsRegex("262144 +2h +keeper"));
  EXPECT_THAT(table.out, ContainsRegex("512 +1h +keeper"));
  EXPECT_LT(table.out.find("262144 "), table.out.find(" 512 ")) << "the oldest comes first";
}

TEST_F(ShowSeats, TellsAllOfThatAsJson) {
  const OpenSeat open(client_);
  open.seat().word.store({layout::SeatState::lossy, 1});
  open.seat().lost.store(17);
  open.hold(0, 4096, 0);
  const Ran ran = busbar({"--json", "show", "c"});
  EXPECT_THAT(ran.out, HasSubstr(R"("state": "lossy")"));
  EXPECT_THAT(ran.out, HasSubstr(R"("lost": 17)"));
  EXPECT_THAT(ran.out, HasSubstr(R"("bytes": 4096)"));
  EXPECT_THAT(ran.out, HasSubstr(R"("for_ms": )"));
}

TEST_F(ShowSeats, FitsEverySeatThatHoldsEightMessagesIntoPages) {
  RawClient holder(broker_.socket(), std::string(128, '"'));
  const OpenSeat open(holder);
  for (int i = 1; i < 256; ++i) holder.ask(Open{"c", Role::subscriber}).as<Opened>();
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (auto& pin : open.seat(i).pin) pin.store(kAllOnes);
    for (auto& at : open.seat(i).pinned_at_ms) at.store(sync::coarse_milliseconds() + 61'000);
    open.seat(i).lost.store(kAllOnes);
    open.seat(i).word.store({layout::SeatState::reliable, 1});
    open.seat(i).cursor.store(kAllOnes - 7);
  }
  std::set<std::uint32_t> seats;
  std::size_t held = 0;
  Show show{"c", 0};
  do {
    const auto answer = holder.ask(show);
    const auto& page = answer.as<ChannelShown>();
    for (const auto& subscriber : page.subscribers) {
      seats.insert(subscriber.seat);
      held += subscriber.held.size();
    }
    show.from = page.next;
  } while (show.from != 0);
  EXPECT_EQ(seats.size(), 256u);
  EXPECT_EQ(held, 256u * 8);
}

TEST_F(ShowSeats, StandsWhateverIsStoredInASeat) {
  const OpenSeat open(client_);
  for (const std::uint64_t nonsense : {kAllOnes, kAllOnes >> 1, std::uint64_t{1}}) {
    for (auto& pin : open.seat().pin) pin.store(nonsense);
    for (auto& at : open.seat().pinned_at_ms) at.store(static_cast<std::uint32_t>(nonsense));
    open.seat().cursor.store(nonsense);
    open.seat().lost.store(nonsense);
    open.seat().word.store({static_cast<layout::SeatState>(nonsense), 1});
    const Ran table = busbar({"show", "c", "--held"});
    EXPECT_EQ(table.status, 0) << table.err;
    EXPECT_THAT(table.out, ContainsRegex("unknown|reliable|joining"));
    EXPECT_EQ(busbar({"--json", "show", "c"}).status, 0);
    // A pin has too few bits for more than the largest ring.
    for (const auto& held : shown().held) EXPECT_LE(held.bytes, kCapacity << 12);
  }
}

}  // namespace
}  // namespace busbar::test
