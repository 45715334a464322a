#include "cli/line_reader.hpp"

#include <cstring>

namespace busbar::cli {
namespace {

// An endless line must not fill the memory just to have its length told.
constexpr std::size_t kMeasured = 1024 * 1024;

std::optional<std::size_t> find_newline(std::span<const std::byte> bytes, std::size_t from) {
  if (from == bytes.size()) return std::nullopt;
  const void* found = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
  if (found == nullptr) return std::nullopt;
  return static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
}

}  // namespace

LineReader::LineReader(Input& input, std::size_t longest)
    : buffer_(input), look_for_(longest + kMeasured) {}

std::optional<LineReader::Line> LineReader::next() {
  buffer_.consume(taken_);
  taken_ = 0;
  std::size_t searched = 0;
  for (;;) {
    const auto unread = buffer_.unread();
    if (const auto newline = find_newline(unread, searched)) {
      return take(*newline, *newline + 1, true);
    }
    searched = unread.size();
    if (searched > look_for_) return take(searched, searched, false);
    if (!buffer_.read_more()) break;
  }
  if (searched == 0) return std::nullopt;
  return take(searched, searched, true);
}

LineReader::Line LineReader::take(std::size_t length, std::size_t consumed, bool whole) {
  taken_ = consumed;
  return {++number_, buffer_.unread().first(length), whole};
}

}  // namespace busbar::cli
