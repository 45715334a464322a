#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace busbar::test {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t end) {
  return static_cast<std::size_t>(random() % end);
}

template <class T>
const T& one_of(Random& random, const std::vector<T>& list) {
  return list[below(random, list.size())];
}

/// A value of a configuration as it is written; where it stands is known once it is rendered.
struct Value {
  enum class Kind { scalar, object, list };

  Kind kind = Kind::scalar;
  std::string raw = {};                                      // of a scalar
  std::vector<std::pair<std::string, Value>> children = {};  // of a list without keys

  std::string pointer = {};
  std::size_t key_begin = 0, key_end = 0, begin = 0, end = 0;
  int key_line = 0, line = 0, last_line = 0;
};

/// The text, one value a line, with comments and line ends as chance has it.
std::string render(Value& root, Random& random);

/// A configuration that is right, of any keys.
Value valid_document(Random& random);

}  // namespace busbar::test
