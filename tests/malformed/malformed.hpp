#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace busbar::test {

/// A configuration that is certainly wrong in exactly one way, and where.
struct Malformed {
  std::string kind = {};
  std::string text = {};
  std::string pointer = {};  // "/" for the document
  int line = 0;
};

/// How many ways there are; numbers that follow one another go through them in turn.
std::size_t malformed_kinds();

/// The same one for the same number, every time.
Malformed malformed(std::uint64_t number);

}  // namespace busbar::test
