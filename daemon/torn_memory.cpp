#include "daemon/torn_memory.hpp"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <mutex>
#include <vector>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kMost = 1 << 18;  // two of each channel
constexpr std::uintptr_t kPage = 4096;

struct Range {
  std::atomic<std::uintptr_t> begin{0};  // 0: not in use
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> torn{false};
};

// Of the process, as its signal handlers are: reached without a lock, never given back.
std::atomic<Range*> ranges{nullptr};
std::atomic<std::size_t> used{0};
std::atomic<int> event{-1};

std::mutex& free_mutex() {
  static std::mutex mutex;
  return mutex;
}
std::vector<std::size_t>& free_list() {
  static std::vector<std::size_t> list;
  return list;
}

Range* all_ranges() {
  static const std::unique_ptr<Range[]> all = std::make_unique<Range[]>(kMost);
  ranges.store(all.get(), std::memory_order_release);
  return all.get();
}

Range* find(std::uintptr_t address) noexcept {
  Range* const all = ranges.load(std::memory_order_acquire);
  if (all == nullptr) return nullptr;
  const std::size_t count = used.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uintptr_t begin = all[i].begin.load(std::memory_order_acquire);
    if (begin != 0 && address >= begin && address < all[i].end.load(std::memory_order_relaxed)) {
      return &all[i];
    }
  }
  return nullptr;
}

/// Only what may be called in a handler. Whatever is not ours dies as it would have without us.
void on_sigbus(int signal, siginfo_t* info, void*) {
  const int error = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  Range* const range = info->si_code == BUS_ADRERR ? find(address) : nullptr;
  void* const page = reinterpret_cast<void*>(address & ~(kPage - 1));
  if (range == nullptr || ::mmap(page, kPage, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    ::signal(signal, SIG_DFL);
    errno = error;
    return;
  }
  range->torn.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      ::write(event.load(std::memory_order_relaxed), &one, sizeof one);
  errno = error;
}

}  // namespace

TornMemory::TornMemory(std::byte* data, std::size_t bytes) {
  const std::lock_guard lock(free_mutex());
  Range* const all = all_ranges();
  if (!free_list().empty()) {
    index_ = free_list().back();
    free_list().pop_back();
  } else {
    index_ = used.load(std::memory_order_relaxed);
    if (index_ == kMost) throw Error(Errc::limit, "more segments are mapped than can be watched");
    free_list().reserve(index_ + 1);  // the destructor never fails
  }
  Range& range = all[index_];
  range.torn = false;
  range.end = reinterpret_cast<std::uintptr_t>(data) + bytes;
  range.begin = reinterpret_cast<std::uintptr_t>(data);
  if (index_ == used) used = index_ + 1;
}

TornMemory::~TornMemory() {
  const std::lock_guard lock(free_mutex());
  ranges.load()[index_].begin = 0;
  free_list().push_back(index_);
}

bool TornMemory::torn() const noexcept {
  return ranges.load()[index_].torn.load(std::memory_order_acquire);
}

void TornMemory::guard_process() {
  if (event >= 0) return;
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw system_error("eventfd", errno);
  event = fd;
  struct sigaction action {};
  action.sa_sigaction = on_sigbus;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(SIGBUS, &action, nullptr) != 0) throw system_error("sigaction", errno);
}

int TornMemory::event_fd() noexcept {
  return event;
}

}  // namespace busbar::daemon
