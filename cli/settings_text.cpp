#include "cli/settings_text.hpp"

#include <algorithm>
#include <busbar/units.hpp>

#include "cli/exit.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

std::string when_full_line(const ChannelInfo& channel) {
  std::string text = when_full_text(channel.when_full);
  // evict waits like block for what it cannot evict.
  if (channel.when_full != WhenFull::drop_newest)
    text += ", " + duration_text(channel.block_timeout);
  return text;
}

/// ", locked", or ", asked for: locked" if the lines below it say that it is not so.
std::string wish_text(const ChannelInfo& channel, const std::string& subject,
                      const std::string& words) {
  const bool refused = std::ranges::any_of(
      channel.fallbacks, [&](const std::string& text) { return text.starts_with(subject + ": "); });
  return (refused ? ", asked for: " : ", ") + words;
}

/// "4.1MiB, 4MiB of it in huge pages, on NUMA node 1, locked".
std::string memory_line(const ChannelInfo& channel) {
  std::string text = size_text(channel.memory);
  if (channel.huge_pages == "try") {
    text += ", " + size_text(channel.huge_bytes) + " of it in huge pages";
  }
  if (channel.numa_node) {
    const std::string node = "NUMA node " + std::to_string(*channel.numa_node);
    text += wish_text(channel, node, "on " + node);
  }
  if (channel.lock_memory) text += wish_text(channel, "lock", "locked");
  return text;
}

std::string fallback_lines(const ChannelInfo& channel) {
  std::string text;
  for (const std::string& fallback : channel.fallbacks) {
    text += "not granted  " + printable(fallback) + "\n";
  }
  return text;
}

}  // namespace

std::string when_full_text(WhenFull when_full) {
  switch (when_full) {
    case WhenFull::block:
      return "block";
    case WhenFull::drop_newest:
      return "drop_newest";
    case WhenFull::evict:
      return "evict";
  }
  return "unknown";
}

WhenFull when_full_of(const std::string& word) {
  using enum WhenFull;
  for (const WhenFull policy : {block, drop_newest, evict}) {
    if (word == when_full_text(policy)) return policy;
  }
  throw UsageError("\"" + printable(word) + "\" is no policy; give block, drop_newest or evict");
}

std::string places_text(std::uint32_t taken, std::uint32_t all) {
  return std::to_string(taken) + "/" + std::to_string(all);
}

std::string settings_text(const ChannelInfo& channel) {
  return "channel      " + printable(channel.name) +                            //
         "\ncapacity     " + size_text(channel.capacity) +                      //
         "\nmax message  " + size_text(channel.max_message) +                   //
         "\nwhen full    " + when_full_line(channel) +                          //
         "\npublishers   at most " + std::to_string(channel.max_publishers) +   //
         "\nsubscribers  at most " + std::to_string(channel.max_subscribers) +  //
         "\nalignment    " + size_text(channel.alignment) +                     //
         "\nsegment      " + printable(channel.segment) +                       //
         "\nfences       " + printable(channel.fences) +                        //
         "\nmemory       " + memory_line(channel) + "\n" + fallback_lines(channel);
}

}  // namespace busbar::cli
