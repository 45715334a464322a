// How `busbar top` lays out what it knows.
#include "cli/top/top_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

TopView view(std::size_t channels, std::size_t clients) {
  TopView view;
  view.socket = "/run/busbar/control.sock";
  view.sample.broker.bus = "default";
  for (std::size_t i = 0; i < channels; ++i) {
    ChannelInfo channel;
    channel.name = "a channel" + std::to_string(i);
    channel.capacity = 1024;
    view.channels.push_back({channel, 1.0, 100.0, 0, 0, 0});
  }
  for (std::size_t i = 0; i < clients; ++i) {
    ClientInfo client;
    client.name = "a client" + std::to_string(i);
    view.sample.clients.push_back(client);
  }
  return view;
}

TEST(RateText, HasThreeDigitsOrFour) {
  EXPECT_EQ(rate_text(0), "0");
  EXPECT_EQ(rate_text(0.4), "0.4");
  EXPECT_EQ(rate_text(9999), "9999");
  EXPECT_EQ(rate_text(12'540), "12.5k");
  EXPECT_EQ(rate_text(31'000'000), "31.0M");
  EXPECT_EQ(rate_text(2e10), "20.0G");
}

TEST(WholeText, ClampsALagThatNoRingCanHave) {
  TopView damaged = view(1, 0);
  damaged.channels[0].channel.load.lag_bytes = ~std::uint64_t{0};
  EXPECT_THAT(whole_text(damaged), HasSubstr(" 999% "));
}

TEST(WholeText, HasNothingThatATerminalObeys) {
  TopView lying = view(1, 1);
  lying.channels[0].channel.name = "quotes\x1b[2J\nmore";
  lying.sample.clients[0].name = "feed\x1b[2J";
  EXPECT_THAT(whole_text(lying), AllOf(Not(HasSubstr("\x1b")), HasSubstr("quotes\\x1b[2J\\x0amore"),
                                       HasSubstr("feed\\x1b[2J")));
}

TEST(AwayText, HasNothingThatATerminalObeys) {
  EXPECT_EQ(away_text("it is\x1b[2J\nwell"), "broker away: it is\\x1b[2J\\x0awell\n");
}

TEST(ScreenLines, FitIntoEverySize) {
  const TopView all = view(100, 100);
  for (std::size_t rows = 0; rows < 40; ++rows) {
    for (const std::size_t columns : {0, 1, 20, 80, 300}) {
      const auto lines = screen_lines(all, {columns, rows});
      EXPECT_LE(lines.size(), rows);
      for (const std::string& line : lines) EXPECT_LE(line.size(), columns);
    }
  }
}

TEST(ScreenLines, ShowEverythingIfThereIsRoom) {
  const auto lines = screen_lines(view(3, 3), {200, 24});
  EXPECT_THAT(lines, Contains(StartsWith("a channel2 ")));
  EXPECT_THAT(lines, Contains(HasSubstr("a client2 ")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("more"))));
}

TEST(ScreenLines, TellHowManyHaveNoRoom) {
  const auto lines = screen_lines(view(100, 100), {200, 24});
  ASSERT_EQ(lines.size(), 24u);
  const auto left_out_of_100 = [&](const std::string& name) {
    const auto shown = std::ranges::count_if(
        lines, [&](const auto& line) { return line.find(name) != std::string::npos; });
    EXPECT_GT(shown, 0);
    return "... and " + std::to_string(100 - shown) + " more ";
  };
  EXPECT_THAT(lines, Contains(left_out_of_100("a channel") + "channels"));
  EXPECT_THAT(lines, Contains(left_out_of_100("a client") + "clients"));
}

TEST(ScreenLines, GiveChannelsTheRoomThatClientsDoNotNeed) {
  EXPECT_THAT(screen_lines(view(15, 1), {200, 24}), Contains(StartsWith("a channel14 ")));
}

TEST(ScreenLines, CutLongNamesSoThatTheFiguresStay) {
  TopView all = view(1, 0);
  all.channels[0].channel.name = std::string(128, 'x');
  all.channels[0].messages = 4321;
  EXPECT_THAT(screen_lines(all, {80, 24}), Contains(AllOf(HasSubstr("xxx~"), HasSubstr("4321"))));
}

TEST(ScreenLines, ObeyNoNameThatATerminalWould) {
  TopView all = view(1, 1);
  all.sample.clients[0].name = "\x1b[2Jevil\n\xc3\xa4";
  all.channels[0].channel.load.lag_client = 1;
  all.channels[0].channel.load.lag_name = "\x1b]0;evil\a";
  for (const std::string& line : screen_lines(all, {300, 24})) {
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << line;
  }
}

TEST(ScreenLines, TellTotalsAndWhatCameSince) {
  TopView all = view(1, 0);
  all.channels[0].channel.dropped = 1187;
  all.channels[0].dropped = 12;
  all.channels[0].channel.evicted = 4;
  all.channels[0].channel.load.lag_bytes = 512;
  all.channels[0].channel.load.lag_client = 3;
  all.channels[0].channel.load.lag_name = "slow";
  all.channels[0].channel.load.held = 3;
  all.channels[0].channel.load.held_bytes = 4096;
  all.channels[0].channel.load.held_longest = std::chrono::milliseconds(9800);
  all.channels[0].channel.load.held_client = 4;
  all.channels[0].channel.load.held_name = "keeper";
  EXPECT_THAT(screen_lines(all, {300, 24}),
              Contains(AllOf(HasSubstr(" 1187 +12 "), HasSubstr(" 4 "), HasSubstr(" 50%  slow "),
                             HasSubstr("3, 4KiB, 9.8s  keeper"))));
}

TEST(ScreenLines, AwayTellWhyInSeveralLines) {
  const auto lines = away_lines(std::string(100, 'y'), {80, 24});
  EXPECT_THAT(lines, Contains(StartsWith("broker away")));
  EXPECT_THAT(lines, Contains(std::string(80, 'y')));
  EXPECT_THAT(lines, Contains(std::string(20, 'y')));
  EXPECT_THAT(away_lines(std::string(100, 'y'), {10, 3}), SizeIs(3));
}

TEST(WholeText, LeavesNothingOut) {
  const std::string text = whole_text(view(100, 100));
  EXPECT_THAT(text, HasSubstr("\na channel99 "));
  EXPECT_THAT(text, HasSubstr("  a client99 "));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace busbar::cli
