#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "tests/torture/letter.hpp"
#include "tests/torture/roles.hpp"

namespace busbar::torture {

/// One subscriber's account of what it has to receive, from its join on: every message that was
/// not begun by then and is committed, each publisher's in order, whole, and once.
class Reading {
 public:
  /// Right behind the join.
  Reading(const Run& run, const Post& post);

  /// Checks it; what it says of itself.
  Letter check(const Message& message);
  void keep(Message message);
  void let_go_of_all();
  /// When everything has been received: whether that is all.
  void settle();

 private:
  void check_order(const Letter& letter);
  void check_sequence(const Letter& letter, std::uint64_t sequence);
  void note_recovery(const Letter& letter);
  void let_go();
  /// The first that it must not miss if no earlier one has come.
  std::uint64_t due(std::uint32_t publisher) const {
    return publisher < at_join_.size() ? at_join_[publisher] : 0;
  }

  static constexpr std::uint64_t kNoneYet = ~std::uint64_t{0};

  const Run& run_;
  Post post_;
  Account& account_;
  ChannelAccount& channel_;
  WorkerAccount& worker_;
  std::vector<std::uint64_t> at_join_;  // by publisher: messages begun
  std::vector<std::uint64_t> next_;     // by publisher: expected next
  std::uint64_t next_sequence_ = kNoneYet;
  std::uint64_t deaths_seen_ = 0;
  std::uint64_t last_at_ns_ = 0;
  struct Kept {
    Message message;
    Letter letter;
  };
  std::deque<Kept> kept_;
};

}  // namespace busbar::torture
