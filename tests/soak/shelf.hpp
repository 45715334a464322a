#pragma once

#include <busbar/busbar.hpp>
#include <cstdint>
#include <deque>

#include "tests/soak/account.hpp"
#include "tests/soak/traffic.hpp"

namespace busbar::soak {

/// Messages that are kept in place, each looked at again before it is let go of.
class Shelf {
 public:
  Shelf(const Traffic& traffic, Received& got) : traffic_(traffic), got_(got) {}

  void keep(Message message, std::uint32_t publisher, std::uint64_t number);
  std::size_t size() const { return held_.size(); }
  void let_go(std::size_t index);
  void let_go_of_all();

 private:
  struct Held {
    Message message;
    std::uint32_t publisher;
    std::uint64_t number;
  };
  const Traffic& traffic_;
  Received& got_;
  std::deque<Held> held_;
};

/// Compares a payload with what was sent, and counts it if it differs.
void check_bytes(const Message& message, std::span<const std::byte> expected, Received& got);
/// The same of what was whole before.
void check_again(const Message& message, std::span<const std::byte> expected, Received& got);

}  // namespace busbar::soak
