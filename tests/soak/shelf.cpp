#include "tests/soak/shelf.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

namespace busbar::soak {

void check_bytes(const Message& message, std::span<const std::byte> expected, Received& got) {
  const auto payload = message.payload();
  if (payload.size() == expected.size() &&
      std::memcmp(payload.data(), expected.data(), expected.size()) == 0) {
    return;
  }
  const auto differs =
      std::mismatch(payload.begin(), payload.end(), expected.begin(), expected.end());
  std::fprintf(stderr, "soak: claim %llu: %zu bytes instead of %zu, other ones from byte %td on\n",
               static_cast<unsigned long long>(message.sequence()), payload.size(), expected.size(),
               differs.first - payload.begin());
  add(got.wrong);
}

void check_again(const Message& message, std::span<const std::byte> expected, Received& got) {
  add(got.looks);
  check_bytes(message, expected, got);
}

void Shelf::keep(Message message, std::uint32_t publisher, std::uint64_t number) {
  held_.push_back({std::move(message), publisher, number});
  if (held_.size() > got_.most_held.load()) got_.most_held.store(held_.size());
}

void Shelf::let_go(std::size_t index) {
  const Held& held = held_[index];
  check_again(held.message, traffic_.bytes(held.publisher, held.number), got_);
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Shelf::let_go_of_all() {
  while (!held_.empty()) let_go(0);
}

}  // namespace busbar::soak
