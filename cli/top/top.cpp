#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cli/exit.hpp"
#include "cli/json_output.hpp"
#include "cli/option_types.hpp"
#include "cli/top/sampler.hpp"
#include "cli/top/terminal.hpp"
#include "cli/top/top_events.hpp"
#include "cli/top/top_view.hpp"
#include "cli/verb.hpp"

namespace busbar::cli {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* kFooter =
    R"(MSG/S and BYTES/S are what was published since the last refresh. LAG is the largest of a reliable
subscriber, FULL how much of the ring that is, LAGS whose it is: near 100% publishers wait for it, or
drop, or evict it. DROPPED, LOST (by the lossy subscribers that are there) and EVICTED are totals, and
what came since the last refresh behind a +. HELD are the messages that subscribers keep in place, their
bytes and the longest time; HOLDS is who keeps that one. A channel's members: busbar show CHANNEL.

Keys: q ends it; r, b, l, n sort by rate, bytes, lag, name. It goes on when the broker comes back.
When standard output is no terminal, plain tables are printed one after the other. --json prints one
object a line. Both begin after the first interval.

Examples:
  busbar top
  busbar top --sort lag --interval 250ms
  busbar top --channel quotes --count 1
  busbar top --json --count 10 | jq -c '.channels[] | [.name, .messages_per_s]')";

constexpr std::chrono::nanoseconds kLeastInterval = 100ms;

struct TopOptions {
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::uint64_t> count;
  std::string channel;
  std::string sort = "rate";
};

std::optional<SortKey> sort_key_of(const std::string& word) {
  // By their first letters too, which are the keys.
  for (const auto& [name, key] : {std::pair{"rate", SortKey::rate},
                                  {"bytes", SortKey::bytes},
                                  {"lag", SortKey::lag},
                                  {"name", SortKey::name}}) {
    if (word == name || word == std::string(1, *name)) return key;
  }
  return std::nullopt;
}

/// One run of `top`, on a terminal or not.
class Top {
 public:
  Top(const CommonOptions& options, const TopOptions& top)
      : json_(options.json),
        interval_(top.interval.value_or(1s)),
        left_(top.count.value_or(~std::uint64_t{0})),
        sort_(sort_key_of(top.sort).value_or(SortKey::rate)),
        sampler_(options, top.channel),
        live_(!options.json && Terminal::usable()),
        events_(live_ && ::isatty(STDIN_FILENO) == 1) {}

  int run() {
    if (live_) terminal_ = std::make_unique<Terminal>();
    steady_clock::time_point next = steady_clock::now();
    sampler_.take();
    // Rates need two samples: a table that stays on the screen may begin without.
    bool goes_on = !live_ || show();
    while (goes_on && left_ > 0) {
      // What was missed is not made up for.
      next = std::max(next + interval_, steady_clock::now());
      if (!wait_until(next)) break;
      sampler_.take();
      goes_on = show();
    }
    return kExitOk;
  }

 private:
  /// False: it is to end.
  bool wait_until(steady_clock::time_point when) {
    using enum TopEvents::Event::Kind;
    for (;;) {
      const TopEvents::Event event = events_.wait_until(when);
      if (event.kind == time) return true;
      if (event.kind == stop || (event.kind == key && event.key == 'q')) return false;
      if (event.kind == key) sort_ = sort_key_of({event.key}).value_or(sort_);
      if (live_ && !events_.write(picture())) return false;
    }
  }

  bool show() {
    --left_;
    return events_.write(live_ ? picture() : json_ ? json_line() : tables());
  }

  TopView view() const {
    TopView view{sampler_.socket(), *sampler_.now(),
                 activity_since(sampler_.before(), *sampler_.now())};
    sort(view.channels, sort_);
    return view;
  }

  std::string picture() const {
    const ScreenSize size = Terminal::size();
    return Terminal::picture(
        sampler_.now() == nullptr ? away_lines(sampler_.why(), size) : screen_lines(view(), size),
        size);
  }

  std::string tables() {
    const std::string text =
        sampler_.now() == nullptr ? away_text(sampler_.why()) : whole_text(view());
    return std::exchange(first_, false) ? text : "\n" + text;
  }

  std::string json_line() const {
    if (sampler_.now() == nullptr) return away_json(sampler_.why());
    return activity_json(
        view(), sampler_.before() == nullptr ? 0ns : sampler_.now()->at - sampler_.before()->at);
  }

  bool json_;
  std::chrono::nanoseconds interval_;
  std::uint64_t left_;
  SortKey sort_;
  Sampler sampler_;
  bool live_;
  bool first_ = true;
  TopEvents events_;
  std::unique_ptr<Terminal> terminal_;
};

int run(const CommonOptions& options, const TopOptions& top) {
  if (top.interval && *top.interval < kLeastInterval) {
    throw UsageError("--interval: less than 100ms; the broker has other things to do");
  }
  return Top(options, top).run();
}

}  // namespace

Verb make_top(CLI::App& root) {
  CLI::App* app = root.add_subcommand("top", "Show what goes on, again and again");
  const auto top = std::make_shared<TopOptions>();
  add_duration(*app, "--interval", top->interval,
               "Between two refreshes, 100ms or more; default 1s");
  add_number(*app, "--count", top->count, 1, ~std::uint64_t{0}, "End after so many refreshes");
  app->add_option("--channel", top->channel, "This channel only")->type_name("CHANNEL");
  app->add_option("--sort", top->sort, "What comes first: rate (default), bytes, lag, name")
      ->check(CLI::IsMember({"rate", "bytes", "lag", "name"}))
      ->type_name("KEY");
  app->footer(kFooter);
  return {app, true, [top](const CommonOptions& options) { return run(options, *top); }};
}

}  // namespace busbar::cli
