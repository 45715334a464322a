#pragma once

#include <cstddef>
#include <vector>

namespace compare {

/// A message for peers that copy, and that have a queue for each reader: it is filled once, however
/// often it is tried.
class Outgoing {
 public:
  Outgoing(std::size_t size, int queues)
      : buffer_(size), queues_(static_cast<std::size_t>(queues)) {}

  /// `put(queue, data)` hands it to one queue, or returns false: there is no room.
  template <typename Write, typename Put>
  bool send(Write&& write, Put&& put) {
    if (!filled_) write(buffer_.data());
    filled_ = true;
    for (; queue_ < queues_; ++queue_) {
      if (!put(queue_, buffer_.data())) return false;
    }
    queue_ = 0;
    filled_ = false;
    return true;
  }

 private:
  std::vector<std::byte> buffer_;
  std::size_t queues_;
  std::size_t queue_ = 0;
  bool filled_ = false;
};

}  // namespace compare
