#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar::daemon {

/// Memory that somebody else can take away: whoever may write a named segment may cut its file
/// short, and who then touches what is missing gets a SIGBUS. With the handler of this class the
/// broker finds a page of zeroes of its own there instead and goes on; the memory is torn and its
/// channel has to go. For the broker's process alone. Any thread.
class TornMemory {
 public:
  /// Watches over these bytes; whole pages. Throws Errc::limit if too many are watched.
  TornMemory(std::byte* data, std::size_t bytes);
  ~TornMemory();
  TornMemory(const TornMemory&) = delete;
  TornMemory& operator=(const TornMemory&) = delete;

  bool torn() const noexcept;

  /// Installs the handler, once in a process. Throws Errc::system.
  static void guard_process();
  /// An eventfd that becomes readable when something is torn; -1 without a handler.
  static int event_fd() noexcept;

 private:
  std::size_t index_;
};

}  // namespace busbar::daemon
