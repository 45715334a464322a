#pragma once

#include <cstdint>
#include <string>

#include "tests/support/child.hpp"

namespace busbar::test {

/// Clients that behave well, for as long as it exists: one publishes, receives and asks the broker,
/// the other opens and closes channels.
class Load {
 public:
  explicit Load(const std::string& socket);
  ~Load();

  /// Waits for so many more rounds of both; false if they don't come.
  bool goes_on(std::uint64_t rounds) const;
  /// How long an answer of the broker took at most.
  std::uint64_t longest_us() const;

 private:
  struct Shared;

  Shared* shared_;
  Child steady_;
  Child restless_;
};

}  // namespace busbar::test
