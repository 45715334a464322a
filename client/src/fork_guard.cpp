#include "client/src/fork_guard.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <new>

#include "common/base/error.hpp"

namespace busbar {
namespace {

using Page = std::atomic<int>;

std::size_t page_bytes() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

Page* new_page() {
  void* page =
      ::mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw system_error("mmap of the fork guard", errno);
  if (::madvise(page, page_bytes(), MADV_WIPEONFORK) != 0) {
    const int error = errno;
    ::munmap(page, page_bytes());
    throw system_error("madvise(MADV_WIPEONFORK)", error);
  }
  return new (page) Page(1);
}

/// A child that connects anew gets a page of its own: its handles are alive, inherited ones not.
/// No lock: one that another thread held at the moment of the fork stays locked in the child.
const Page* guard_page() {
  static std::atomic<Page*> current{nullptr};
  Page* page = current.load(std::memory_order_acquire);
  if (page != nullptr && page->load() != 0) return page;
  Page* fresh = new_page();
  if (current.compare_exchange_strong(page, fresh)) return fresh;
  ::munmap(fresh, page_bytes());  // another thread was faster
  return page;
}

}  // namespace

ForkGuard::ForkGuard() : alive_(guard_page()) {}

void throw_forked() {
  throw Error(Errc::forked,
              "this handle was made before fork() and belongs to the parent; connect anew in the "
              "child");
}

}  // namespace busbar
