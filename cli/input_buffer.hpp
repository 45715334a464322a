#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "cli/input.hpp"

namespace busbar::cli {

/// The bytes of an Input that were read and not yet used, in one piece. Grows with what is asked
/// for, and only as bytes come in.
class InputBuffer {
 public:
  explicit InputBuffer(Input& input);

  /// Valid until the next call.
  std::span<const std::byte> unread() const noexcept {
    return {bytes_.get() + begin_, end_ - begin_};
  }
  void consume(std::size_t size) noexcept { begin_ += size; }

  /// One read behind what is unread; false at the end of the input. Throws as Input::read.
  bool read_more();
  /// Reads until `size` bytes are unread; false if the input ends before.
  bool fill(std::size_t size);

 private:
  void make_room();

  Input& input_;
  std::size_t capacity_;
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace busbar::cli
