#include "daemon/ledger/ledger.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() { open(); }
  ~LedgerTest() override {
    ledger.reset();
    std::filesystem::remove(path);
  }

  /// As the next broker does; the one before is killed: nothing of it is run.
  void open() {
    ledger.reset();
    ledger = std::make_unique<Ledger>(name, "/run/test.sock");
    found = ledger->contents();
  }

  static SessionRecord session(std::uint64_t id) {
    return {id, 1000, {4711, 99}, "00112233445566778899aabbccddeeff", "feed", "0.1.0", {1, 2, 3}};
  }
  static ChannelRecord channel(std::uint64_t id, const std::string& channel_name) {
    ChannelRecord record;
    record.plan.ring.name = channel_name;
    record.plan.ring.channel_id = id;
    record.plan.ring.capacity = 65536;
    record.plan.ring.max_message = 16384;
    record.plan.publish = {true, {7, 8}, {9}};
    record.creator = {1000, Origin::request};
    record.segments = "busbar-test-0-01234567-0123456789abcdef";
    return record;
  }
  static HoldingRecord holding(std::uint64_t channel_id, std::uint32_t index,
                               std::uint64_t session_id) {
    return {{channel_id, {control::Role::subscriber, index}}, session_id, 5};
  }

  std::string name = "busbar-ledger-test-" + std::to_string(::getpid());
  std::string path = "/dev/shm/" + name;
  std::unique_ptr<Ledger> ledger;
  Ledger::Contents found;
};

TEST_F(LedgerTest, GivesTheNextBrokerWhatWasPut) {
  ledger->put(session(3));
  ledger->put(channel(4, "quotes"));
  ledger->put(holding(4, 2, 3));
  open();
  ASSERT_EQ(found.sessions.size(), 1u);
  EXPECT_EQ(found.sessions[0].secret, "00112233445566778899aabbccddeeff");
  EXPECT_EQ(found.sessions[0].process.start_time, 99u);
  EXPECT_EQ(found.sessions[0].name, "feed");
  ASSERT_EQ(found.channels.size(), 1u);
  EXPECT_EQ(found.channels[0].plan.ring.name, "quotes");
  EXPECT_EQ(found.channels[0].plan.publish, (control::Access{true, {7, 8}, {9}}));
  EXPECT_EQ(found.channels[0].creator.origin, Origin::request);
  ASSERT_EQ(found.holdings.size(), 1u);
  EXPECT_EQ(found.holdings[0].holding.place.index, 2u);
  EXPECT_EQ(found.holdings[0].grant, 5u);
}

TEST_F(LedgerTest, KeepsWhatAChannelAsksOfItsMemory) {
  const shm::MemoryOptions wanted[] = {{.huge_pages = true},
                                       {.numa_node = 0},
                                       {.huge_pages = true, .numa_node = 1023, .lock = true},
                                       {}};
  for (std::uint64_t id = 1; id <= 4; ++id) {
    ChannelRecord record = channel(id, "c" + std::to_string(id));
    record.plan.memory = wanted[id - 1];
    ledger->put(record);
  }
  open();
  ASSERT_EQ(found.channels.size(), 4u);
  for (const ChannelRecord& record : found.channels) {
    EXPECT_EQ(record.plan.memory, wanted[record.plan.ring.channel_id - 1]);
  }
}

TEST_F(LedgerTest, CountsBrokersAndNeverGivesANumberTwice) {
  ledger->put(session(3));
  const std::uint64_t epoch = ledger->epoch(), grant = ledger->next_grant();
  const std::uint64_t id = ledger->next_channel();
  open();
  EXPECT_EQ(ledger->epoch(), epoch + 1);
  EXPECT_GT(ledger->next_grant(), grant);
  EXPECT_GT(ledger->next_channel(), id);
}

TEST_F(LedgerTest, OfWhichNothingIsLeftGivesNoGrantOfTheOneBeforeAgain) {
  const std::uint64_t grant = ledger->next_grant();
  ledger.reset();
  std::filesystem::remove(path);
  open();
  EXPECT_GT(ledger->next_grant(), grant);
}

TEST_F(LedgerTest, ForgetsWhatWasErased) {
  ledger->put(session(3));
  ledger->put(channel(4, "quotes"));
  ledger->put(holding(4, 2, 3));
  ledger->erase(holding(4, 2, 3).holding);
  ledger->erase_session(3);
  open();
  EXPECT_THAT(found.sessions, IsEmpty());
  EXPECT_THAT(found.holdings, IsEmpty());
  EXPECT_EQ(found.channels.size(), 1u);
}

TEST_F(LedgerTest, ForgetsThePlacesOfAChannelWithIt) {
  ledger->put(channel(4, "quotes"));
  ledger->put(channel(5, "trades"));
  for (const std::uint64_t id : {4u, 5u}) ledger->put(holding(id, 0, 3));
  ledger->erase_channel(4);
  open();
  ASSERT_EQ(found.holdings.size(), 1u);
  EXPECT_EQ(found.holdings[0].holding.channel_id, 5u);
}

TEST_F(LedgerTest, HasTheLaterOfTwoEntriesOfAChannel) {
  ChannelRecord record = channel(4, "quotes");
  ledger->put(record);
  record.plan.publish.users = {42};
  ledger->put(record);
  open();
  ASSERT_EQ(found.channels.size(), 1u);
  EXPECT_THAT(found.channels[0].plan.publish.users, ElementsAre(42u));
}

TEST_F(LedgerTest, GrowsBeyondItsFirstEntries) {
  for (std::uint64_t id = 1; id <= 1000; ++id) ledger->put(session(id));
  open();
  EXPECT_EQ(found.sessions.size(), 1000u);
}

TEST_F(LedgerTest, LeavesOutAndCountsEntriesThatMakeNoSense) {
  ledger->put(channel(4, "quotes"));
  ledger->put(channel(5, "trades"));
  const std::string from = "quotes", to("../etc", 6);
  ledger.reset();
  std::string bytes(std::size_t{40} << 20, '\0');
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const std::size_t at = bytes.find(from);
  ASSERT_NE(at, std::string::npos);
  file.clear();
  file.seekp(static_cast<std::streamoff>(at));
  file << to << std::flush;
  open();
  EXPECT_EQ(found.damaged, 1u);
  ASSERT_EQ(found.channels.size(), 1u);
  EXPECT_EQ(found.channels[0].plan.ring.name, "trades");
}

TEST_F(LedgerTest, IsDamagedIfItBelongsToMoreThanItsOwner) {
  ledger->put(session(3));
  ledger.reset();
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  try {
    open();
    ADD_FAILURE() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::damaged);
  }
}

TEST_F(LedgerTest, ThatWasNeverFinishedIsMadeAnew) {
  ledger.reset();
  std::filesystem::remove(path);
  std::ofstream(path).flush();
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  open();
  EXPECT_EQ(ledger->epoch(), 1u);
}

TEST_F(LedgerTest, LeavesNothingIfNothingWasEverNoted) {
  ledger.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace busbar::daemon
