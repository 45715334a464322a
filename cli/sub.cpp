#include <busbar/units.hpp>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "cli/exit.hpp"
#include "cli/message_writer.hpp"
#include "cli/option_types.hpp"
#include "cli/output.hpp"
#include "cli/reception.hpp"
#include "cli/stop_signals.hpp"
#include "cli/verb.hpp"
#include "cli/wait_option.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(Says `subscribed to "CHANNEL"` on standard error as soon as its seat counts: every message that is
published from then on is received.

Ends with --count messages, with --timeout without a message, with the end of the stream (pub --end),
or with SIGINT or SIGTERM. Exit status 0 only if that was all that was asked for: the count, or
without --count the end of the stream or the timeout; and if no message was missed.

Publishers wait for a slow sub, or, if the channel says evict, take its seat away: then it ends with
status 1. With --lossy they do neither: it misses what was overwritten, goes on with what the ring
still has, and says at the end how many messages it lost.

Examples:
  busbar sub quotes
  busbar sub files --raw -o archive.tar
  busbar sub numbers --from oldest --timeout 0
  busbar sub numbers --count 10 --timeout 5s
  busbar sub quotes --lossy | head -20)";

struct SubOptions {
  std::string channel;
  Reception::Limits limits;
  std::string from = "now";
  bool lossy = false;
  std::optional<WaitPolicy> wait;
  bool lines = false;
  bool raw = false;
  bool length_prefixed = false;
  std::string output;
  bool quiet = false;
  bool stats = false;
};

void add_formats(CLI::App& app, SubOptions& sub) {
  CLI::Option* lines =
      app.add_flag("--lines", sub.lines, "A newline behind each message (default)");
  CLI::Option* raw = app.add_flag("--raw", sub.raw, "Messages back to back, nothing between them");
  CLI::Option* prefixed = app.add_flag("--length-prefixed", sub.length_prefixed,
                                       "4 bytes of length, little-endian, before each message");
  lines->excludes(raw)->excludes(prefixed);
  raw->excludes(prefixed);
}

void add_limits(CLI::App& app, SubOptions& sub) {
  add_number(app, "--count", sub.limits.count, 1, std::numeric_limits<std::uint64_t>::max(),
             "Stop after N messages");
  add_duration(app, "--timeout", sub.limits.timeout, "Stop when no message comes for so long");
  app.add_option("--from", sub.from, "Start with: now (default), oldest (that the ring still has)")
      ->check(CLI::IsMember({"now", "oldest"}))
      ->type_name("PLACE");
  app.add_flag("--lossy", sub.lossy,
               "Let publishers go on: miss what was overwritten, and count it");
  add_wait(app, sub.wait);
}

Framing framing_of(const SubOptions& sub) {
  if (sub.raw) return Framing::raw;
  return sub.length_prefixed ? Framing::length_prefixed : Framing::lines;
}

SubscriberOptions seat_of(const SubOptions& sub) {
  return {.delivery = sub.lossy ? Delivery::lossy : Delivery::reliable,
          .start = sub.from == "oldest" ? Start::oldest() : Start::now()};
}

/// "3 messages", "3 of 10 messages".
std::string received_text(const SubOptions& sub, std::uint64_t messages) {
  if (!sub.limits.count) return messages_text(messages);
  return std::to_string(messages) + " of " + messages_text(*sub.limits.count);
}

/// What is wrong with ending this way; empty if it was asked for.
std::string complaint(const SubOptions& sub, Ending ending, std::uint64_t messages) {
  const std::string received = received_text(sub, messages);
  switch (ending) {
    case Ending::count:
      return {};
    case Ending::interrupted:
      return "interrupted after " + received;
    case Ending::closed:
      return closed_text(sub.channel) + "; received " + received;
    case Ending::evicted:
      return "channel \"" + sub.channel +
             "\" says evict and has taken this seat away: it lagged a whole capacity behind; "
             "received " +
             received +
             "; take messages faster, create the channel with a larger --capacity, or use --lossy";
    case Ending::timeout:
      if (!sub.limits.count) return {};
      return "no message for " + duration_text(*sub.limits.timeout) + "; received " + received;
    case Ending::ended:
      if (!sub.limits.count) return {};
      return "the stream ended; received " + received;
  }
  return {};
}

/// What is to be said of messages that were missed; empty if none was.
std::string lost_text(const SubOptions& sub, std::uint64_t lost, std::uint64_t received) {
  if (lost == 0) return {};
  return "lost " + messages_text(lost) + " and received " + std::to_string(received) +
         ": channel \"" + sub.channel +
         "\" overwrote them first; take messages faster, create it with a larger --capacity, or "
         "do without --lossy";
}

int finish(const SubOptions& sub, Ending ending, const TransferStats& stats, std::uint64_t lost) {
  if (sub.stats) say(stats.text());
  int status = kExitOk;
  for (const std::string& words :
       {complaint(sub, ending, stats.messages()), lost_text(sub, lost, stats.messages())}) {
    if (words.empty()) continue;
    say(words);
    status = kExitFailure;
  }
  return status;
}

Ending receive_all(const SubOptions& sub, Subscriber& subscriber, Output& output,
                   MessageWriter& writer) {
  try {
    const Ending ending = Reception(subscriber, output, writer, sub.limits).run();
    output.finish();
    return ending;
  } catch (const Interrupted&) {
    return Ending::interrupted;
  }
}

int run(const CommonOptions& options, const SubOptions& sub) {
  Output output(sub.output);
  MessageWriter writer(output, framing_of(sub));
  Bus bus = connect(options, sub.wait);
  Subscriber subscriber = bus.subscriber(sub.channel, seat_of(sub));
  const StopSignals signals(subscriber);
  if (!sub.quiet) std::fprintf(stderr, "subscribed to \"%s\"\n", sub.channel.c_str());
  const Ending ending = receive_all(sub, subscriber, output, writer);
  return finish(sub, ending, writer.stats(), subscriber.lost());
}

}  // namespace

Verb make_sub(CLI::App& root) {
  CLI::App* app = root.add_subcommand("sub", "Subscribe, and write what is received");
  const auto sub = std::make_shared<SubOptions>();
  add_channel(*app, sub->channel);
  add_limits(*app, *sub);
  add_formats(*app, *sub);
  app->add_option("-o,--output", sub->output, "Where to; standard output if not given, or -")
      ->type_name("FILE");
  app->add_flag("--quiet", sub->quiet, "Do not say that it has subscribed");
  app->add_flag("--stats", sub->stats, "Messages, bytes and MB/s on standard error at the end");
  app->footer(kFooter);
  return {app, false, [sub](const CommonOptions& options) { return run(options, *sub); }};
}

}  // namespace busbar::cli
