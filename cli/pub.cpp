#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cli/exit.hpp"
#include "cli/option_types.hpp"
#include "cli/send_formats.hpp"
#include "cli/stop_signals.hpp"
#include "cli/verb.hpp"
#include "cli/wait_option.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(Reads FILE, or standard input, to its end. A full channel is waited for; messages that a channel
with drop_newest dropped are counted, told at the end, and exit status 1. After an error or a signal
what was read so far has been published, and --end is not carried out.

Nobody keeps messages for subscribers that come later (but see sub --from oldest): start them first.

Examples:
  seq 1000000 | busbar pub numbers --end
  busbar pub files --chunk 64KiB --end archive.tar
  tail -f app.log | busbar pub log --lines
  busbar sub a --length-prefixed | busbar pub b --length-prefixed)";

struct PubOptions {
  std::string channel;
  std::string file;
  bool lines = false;
  bool length_prefixed = false;
  std::optional<std::uint64_t> chunk;
  bool end = false;
  std::optional<WaitPolicy> wait;
  bool stats = false;
};

void add_formats(CLI::App& app, PubOptions& pub) {
  CLI::Option* lines =
      app.add_flag("--lines", pub.lines, "A message is a line, without its newline (default)");
  CLI::Option* chunk = add_size(app, "--chunk", pub.chunk,
                                "A message is a piece of SIZE bytes; the last may be less");
  CLI::Option* prefixed =
      app.add_flag("--length-prefixed", pub.length_prefixed,
                   "4 bytes of length, little-endian, stand before each message");
  lines->excludes(chunk)->excludes(prefixed);
  chunk->excludes(prefixed);
}

void send_all(const PubOptions& pub, Input& input, Sender& sender) {
  if (pub.chunk) {
    send_chunks(input, sender, *pub.chunk);
  } else if (pub.length_prefixed) {
    send_length_prefixed(input, sender);
  } else {
    send_lines(input, sender);
  }
  if (pub.end) sender.end();
}

int finish(const PubOptions& pub, const Sender& sender) {
  if (pub.stats) say(sender.stats().text());
  if (sender.dropped() == 0) return kExitOk;
  say(messages_text(sender.dropped()) + " dropped: channel \"" + pub.channel +
      "\" was full and says drop_newest");
  return kExitFailure;
}

int run(const CommonOptions& options, const PubOptions& pub) {
  if (pub.chunk == 0)
    throw UsageError("--chunk: 0 is not allowed: 1 byte to the channel's max_message");
  Input input(pub.file);
  Bus bus = connect(options, pub.wait);
  Publisher publisher = bus.publisher(pub.channel);
  const StopSignals signals(publisher);
  Sender sender(publisher);
  try {
    send_all(pub, input, sender);
  } catch (const Interrupted&) {
    finish(pub, sender);
    throw Failure("interrupted after " + messages_text(sender.stats().messages()));
  }
  return finish(pub, sender);
}

}  // namespace

Verb make_pub(CLI::App& root) {
  CLI::App* app = root.add_subcommand("pub", "Publish a file or a stream");
  const auto pub = std::make_shared<PubOptions>();
  add_channel(*app, pub->channel);
  app->add_option("FILE", pub->file, "What to publish; standard input if not given, or -")
      ->type_name("");
  add_formats(*app, *pub);
  app->add_flag("--end", pub->end, "Tell subscribers behind the last message that the stream ends");
  add_wait(*app, pub->wait);
  app->add_flag("--stats", pub->stats, "Messages, bytes and MB/s on standard error at the end");
  app->footer(kFooter);
  return {app, false, [pub](const CommonOptions& options) { return run(options, *pub); }};
}

}  // namespace busbar::cli
