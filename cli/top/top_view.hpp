#pragma once

#include <string>
#include <vector>

#include "cli/top/bus_sample.hpp"
#include "cli/top/channel_activity.hpp"

namespace busbar::cli {

/// Columns and rows of a terminal.
struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// One refresh of `busbar top`: what there is to see, sorted.
struct TopView {
  std::string socket;
  BusSample sample;
  std::vector<ChannelActivity> channels;
};

/// All of it, one table below the other, for files and pipes.
std::string whole_text(const TopView& view);

/// As much as the screen has room for: at most `rows` lines, none wider than `columns`. Of what has
/// no room it is told how much there is.
std::vector<std::string> screen_lines(const TopView& view, ScreenSize size);

/// What is to see while the broker is away, on a screen and elsewhere.
std::vector<std::string> away_lines(const std::string& why, ScreenSize size);
std::string away_text(const std::string& why);

/// "0.4", "1200", "12.5k", "3.1M".
std::string rate_text(double per_second);

}  // namespace busbar::cli
