#include "cli/input_buffer.hpp"

#include <cstring>
#include <utility>

namespace busbar::cli {
namespace {

// Large enough that the system call does not count, small enough for the L2 cache.
constexpr std::size_t kFirstCapacity = 256 * 1024;

}  // namespace

InputBuffer::InputBuffer(Input& input)
    : input_(input),
      capacity_(kFirstCapacity),
      bytes_(std::make_unique_for_overwrite<std::byte[]>(capacity_)) {}

bool InputBuffer::read_more() {
  make_room();
  const std::size_t got = input_.read({bytes_.get() + end_, capacity_ - end_});
  end_ += got;
  return got != 0;
}

bool InputBuffer::fill(std::size_t size) {
  while (end_ - begin_ < size) {
    if (!read_more()) return false;
  }
  return true;
}

void InputBuffer::make_room() {
  const std::size_t size = end_ - begin_;
  if (begin_ != 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, size);
  } else if (size == capacity_) {
    auto larger = std::make_unique_for_overwrite<std::byte[]>(2 * capacity_);
    std::memcpy(larger.get(), bytes_.get(), size);
    bytes_ = std::move(larger);
    capacity_ *= 2;
  }
  begin_ = 0;
  end_ = size;
}

}  // namespace busbar::cli
