#pragma once

#include <cstddef>
#include <cstdint>

namespace compare {

/// The first word of a message: who sent it, and his number of it.
struct Stamp {
  static constexpr std::uint64_t kEnd = (std::uint64_t{1} << 48) - 1;  // no more will come

  std::uint64_t source = 0;
  std::uint64_t number = 0;

  std::uint64_t word() const { return source << 48 | number; }
  static Stamp of(std::uint64_t word) { return {word >> 48, word & kEnd}; }
};

/// What the messages of a sample look like.
struct Shape {
  std::size_t size = 64;   // bytes, a multiple of 8
  bool untouched = false;  // only the first word is written and read

  bool is_one_word() const { return untouched || size == 8; }
  std::size_t last() const { return size / 8 - 1; }
};

using Word [[gnu::may_alias]] = std::uint64_t;
// Of any address (which `auto` would forget), and wide enough to keep the harness out of the way of
// what is measured.
using Few [[gnu::vector_size(32), gnu::may_alias, gnu::aligned(8)]] = std::uint64_t;
using Many [[gnu::vector_size(64), gnu::may_alias, gnu::aligned(8)]] = std::uint64_t;

/// What the words of a message hold between the first and the last.
inline std::uint64_t pattern(std::uint64_t first) {
  return (first + 1) * 0x9E3779B97F4A7C15u;
}

/// Writes every word; the last one holds the first one's complement.
inline void fill(void* room, Shape shape, Stamp stamp) {
  auto* words = static_cast<Word*>(room);
  const std::uint64_t first = stamp.word();
  words[0] = first;
  if (shape.is_one_word()) return;
  const std::uint64_t middle = pattern(first);
  const std::size_t last = shape.last();
  words[last] = ~first;
  std::size_t i = 1;
  if (last >= 64) {
    for (; i < 8; ++i) words[i] = middle;
    for (const Many many = middle - Many{}; i + 32 <= last; i += 32) {
      Many* const block = reinterpret_cast<Many*>(words + i);
      block[0] = many;
      block[1] = many;
      block[2] = many;
      block[3] = many;
    }
  }
  for (const Few few = middle - Few{}; i + 4 <= last; i += 4) {
    *reinterpret_cast<Few*>(words + i) = few;
  }
  for (; i < last; ++i) words[i] = middle;
}

/// Reads every word; false if one is not what fill() wrote.
inline bool check(const void* message, Shape shape, Stamp& stamp) {
  const auto* words = static_cast<const Word*>(message);
  const std::uint64_t first = words[0];
  stamp = Stamp::of(first);
  if (shape.is_one_word()) return true;
  const std::uint64_t middle = pattern(first);
  const std::size_t last = shape.last();
  std::uint64_t wrong = words[last] ^ ~first;
  std::size_t i = 1;
  if (last >= 64) {
    for (; i < 8; ++i) wrong |= words[i] ^ middle;
    Many found[4] = {};
    for (const Many many = middle - Many{}; i + 32 <= last; i += 32) {
      const Many* const block = reinterpret_cast<const Many*>(words + i);
      found[0] |= block[0] ^ many;
      found[1] |= block[1] ^ many;
      found[2] |= block[2] ^ many;
      found[3] |= block[3] ^ many;
    }
    const Many all = found[0] | found[1] | found[2] | found[3];
    for (int lane = 0; lane < 8; ++lane) wrong |= all[lane];
  }
  Few found = {};
  for (const Few few = middle - Few{}; i + 4 <= last; i += 4) {
    found |= *reinterpret_cast<const Few*>(words + i) ^ few;
  }
  wrong |= found[0] | found[1] | found[2] | found[3];
  for (; i < last; ++i) wrong |= words[i] ^ middle;
  return wrong == 0;
}

}  // namespace compare
