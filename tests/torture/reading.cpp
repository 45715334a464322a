#include "tests/torture/reading.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace busbar::torture {

Reading::Reading(const Run& run, const Post& post)
    : run_(run),
      post_(post),
      account_(run.account),
      channel_(run.account.channels[post.channel]),
      worker_(run.account.workers[post.worker]),
      deaths_seen_(channel_.deaths.load()) {
  at_join_.resize(channel_.publishers.load());
  for (std::size_t i = 0; i < at_join_.size(); ++i) at_join_[i] = channel_.sent[i].begun.load();
}

Letter Reading::check(const Message& message) {
  Wrongs& wrongs = account_.wrongs;
  Letter letter;
  const auto payload = message.payload();
  if (payload.size() >= sizeof letter) std::memcpy(&letter, payload.data(), sizeof letter);
  if (letter.publisher >= channel_.publishers.load() || letter.channel != post_.channel) {
    report(wrongs.changed, "no message of anybody", post_.channel, letter.publisher, letter.number,
           payload.size());
    return letter;
  }
  const Sent& sent = channel_.sent[letter.publisher];
  if (letter.number >= sent.begun.load()) {
    report(wrongs.uncommitted, "seen before its commit", post_.channel, letter.publisher,
           letter.number, sent.begun.load());
  }
  if (!is_whole(run_.traffic, letter, payload) || message.type() != type_of(letter)) {
    report(wrongs.changed, "other bytes", post_.channel, letter.publisher, letter.number,
           payload.size());
  }
  check_sequence(letter, message.sequence());
  if (post_.role != Role::lossy) check_order(letter);
  note_recovery(letter);
  channel_.received.fetch_add(1, std::memory_order_relaxed);
  worker_.steps.fetch_add(1, std::memory_order_relaxed);
  return letter;
}

void Reading::check_order(const Letter& letter) {
  if (letter.publisher >= next_.size()) next_.resize(letter.publisher + 1, kNoneYet);
  std::uint64_t& next = next_[letter.publisher];
  const bool first = next == kNoneYet;
  const std::uint64_t expected = first ? due(letter.publisher) : next;
  if (letter.number > expected) {
    // Only a publisher that died in the midst of several commits leaves a hole.
    const std::uint64_t committed = channel_.sent[letter.publisher].committed.load();
    if (expected < committed) {
      report(account_.wrongs.lost, "not received", post_.channel, letter.publisher, expected,
             letter.number);
    }
  } else if (letter.number < expected && !first) {
    report(account_.wrongs.repeated, "received again", post_.channel, letter.publisher,
           letter.number, expected);
  }
  next = std::max(first ? 0 : next, letter.number + 1);
}

void Reading::check_sequence(const Letter& letter, std::uint64_t sequence) {
  if (next_sequence_ == kNoneYet) next_sequence_ = post_.role == Role::witness ? 0 : sequence;
  if (sequence < next_sequence_) {
    report(account_.wrongs.reordered, "its number came before", post_.channel, letter.publisher,
           letter.number, sequence);
  }
  if (!channel_.agreement.with(sequence, hash_of(letter))) {
    report(account_.wrongs.reordered, "another one for another subscriber", post_.channel,
           letter.publisher, letter.number, sequence);
  }
  if (post_.role == Role::witness) {
    channel_.sequence_gaps.fetch_add(sequence - next_sequence_, std::memory_order_relaxed);
    channel_.witnessed.fetch_add(1, std::memory_order_relaxed);
  }
  next_sequence_ = sequence + 1;
}

void Reading::note_recovery(const Letter& letter) {
  const std::uint64_t now = now_ns();
  if (last_at_ns_ != 0) {
    std::uint64_t longest = account_.longest_gap_ns.load(std::memory_order_relaxed);
    while (now - last_at_ns_ > longest &&
           !account_.longest_gap_ns.compare_exchange_weak(longest, now - last_at_ns_)) {
    }
  }
  last_at_ns_ = now;
  for (const std::uint64_t deaths = channel_.deaths.load(); deaths_seen_ < deaths; ++deaths_seen_) {
    const std::uint64_t at = deaths_seen_ % ChannelAccount::kDeaths;
    if (letter.written_at_ns < channel_.death_at_ns[at].load()) break;
    worker_.recovered_at_ns[at] = now;
    worker_.recovered_from[at] = deaths_seen_ + 1;
  }
}

void Reading::keep(Message message) {
  Letter letter;
  std::memcpy(&letter, message.payload().data(), sizeof letter);
  kept_.push_back({std::move(message), letter});
  if (kept_.size() > 5) let_go();
}

void Reading::let_go() {
  const Kept& kept = kept_.front();
  if (!is_whole(run_.traffic, kept.letter, kept.message.payload())) {
    report(account_.wrongs.changed, "changed while it was held", post_.channel,
           kept.letter.publisher, kept.letter.number, 0);
  }
  kept_.pop_front();
}

void Reading::let_go_of_all() {
  while (!kept_.empty()) let_go();
}

void Reading::settle() {
  if (post_.role == Role::lossy) return;
  next_.resize(channel_.publishers.load(), kNoneYet);
  for (std::uint32_t i = 0; i < next_.size(); ++i) {
    const std::uint64_t next = next_[i] == kNoneYet ? due(i) : next_[i];
    const std::uint64_t committed = channel_.sent[i].committed.load();
    if (next < committed) {
      report(account_.wrongs.lost, "never received", post_.channel, i, next, committed);
    }
  }
}

}  // namespace busbar::torture
