#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace busbar::test {

/// Reads a pipe to its end on a thread of its own, so that the writer never waits for the test.
class CapturedStream {
 public:
  CapturedStream() = default;
  CapturedStream(const CapturedStream&) = delete;
  CapturedStream& operator=(const CapturedStream&) = delete;
  ~CapturedStream();

  /// Takes the reading end of a pipe.
  void start(int fd);
  /// Stops reading and closes that end.
  void stop();

  std::string text() const;
  bool wait_for(std::string_view text, std::chrono::milliseconds limit);
  /// False if the writing end is still open after `limit`.
  bool wait_for_end(std::chrono::milliseconds limit);

 private:
  void read_all();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool ended_ = true;
  int fd_ = -1;
  int stop_event_ = -1;
  std::thread thread_;
};

}  // namespace busbar::test
