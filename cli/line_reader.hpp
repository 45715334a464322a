#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "cli/input_buffer.hpp"

namespace busbar::cli {

/// Cuts an input into lines.
class LineReader {
 public:
  struct Line {
    std::uint64_t number;              // from 1
    std::span<const std::byte> bytes;  // without its newline; valid until the next call
    bool whole;  // false: longer than this, how much longer was not looked for
  };

  /// Lines of up to `longest` bytes are found whole; of longer ones at least their length, unless
  /// they are longer by more than a mebibyte.
  LineReader(Input& input, std::size_t longest);

  /// Nothing at the end. A last line without a newline is a line. Throws as Input::read.
  std::optional<Line> next();

 private:
  Line take(std::size_t length, std::size_t consumed, bool whole);

  InputBuffer buffer_;
  std::size_t look_for_;
  std::size_t taken_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace busbar::cli
