#include "tests/torture/settlement.hpp"

#include <cinttypes>
#include <cstdio>

namespace busbar::torture {
namespace {

struct Sums {
  std::uint64_t committed = 0;
  std::uint64_t uncertain = 0;  // messages
  std::uint64_t aborted = 0;
  std::uint64_t open = 0;  // claims of which only their publisher knew what became
};

Sums sums_of(const ChannelAccount& channel) {
  Sums sums;
  for (std::uint32_t i = 0; i < channel.publishers.load(); ++i) {
    const Sent& sent = channel.sent[i];
    sums.committed += sent.committed;
    sums.uncertain += sent.begun - sent.committed;
    sums.aborted += sent.aborted;
    sums.open += sent.claims - sent.committed - sent.aborted;
  }
  return sums;
}

}  // namespace

void settle_numbers(Account& account) {
  for (std::uint32_t i = 0; i < kMostChannels; ++i) {
    ChannelAccount& channel = account.channels[i];
    const Sums sums = sums_of(channel);
    const std::uint64_t gaps = channel.sequence_gaps;
    // Behind the witness's last message there may be more.
    if (gaps > sums.aborted + sums.open) {
      report(account.wrongs.unexplained, "numbers without a message", i, 0, gaps,
             sums.aborted + sums.open);
    }
    if (channel.witnessed < sums.committed || channel.witnessed > sums.committed + sums.uncertain) {
      report(account.wrongs.unexplained, "messages of the witness", i, 0, channel.witnessed,
             sums.committed);
    }
  }
}

bool settle(const Account& account, const Deeds& deeds, double seconds) {
  std::uint64_t received = 0;
  Sums all;
  for (const ChannelAccount& channel : account.channels) {
    const Sums sums = sums_of(channel);
    received += channel.received;
    all.committed += sums.committed;
    all.uncertain += sums.uncertain;
    all.aborted += sums.aborted;
    all.open += sums.open;
  }
  const std::uint64_t killed = deeds.publishers_killed + deeds.subscribers_killed;
  std::printf("killed: %" PRIu64 " publishers, %" PRIu64 " subscribers (%.0f a second), %" PRIu64
              " brokers, in %.1f s\n",
              deeds.publishers_killed, deeds.subscribers_killed,
              static_cast<double>(killed) / seconds, deeds.brokers_killed, seconds);
  std::printf("messages: %" PRIu64 " committed, %" PRIu64 " that may have been, %" PRIu64
              " aborted; %" PRIu64 " claims begun by publishers that died; %" PRIu64
              " messages received\n",
              all.committed, all.uncertain, all.aborted, all.open, received);
  const Wrongs& wrongs = account.wrongs;
  std::printf("wrong: %" PRIu64 " lost, %" PRIu64 " changed, %" PRIu64 " repeated, %" PRIu64
              " reordered, %" PRIu64 " uncommitted, %" PRIu64 " unexplained\n",
              wrongs.lost.load(), wrongs.changed.load(), wrongs.repeated.load(),
              wrongs.reordered.load(), wrongs.uncommitted.load(), wrongs.unexplained.load());
  return wrongs.sum() == 0;
}

}  // namespace busbar::torture
