#include "client/src/fork_guard.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <new>

#include "common/base/error.hpp"

namespace busbar {
namespace {

std::atomic<int>* new_page() {
  const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw system_error("mmap of the fork guard", errno);
  if (::madvise(page, bytes, MADV_WIPEONFORK) != 0) {
    const int error = errno;
    ::munmap(page, bytes);
    throw system_error("madvise(MADV_WIPEONFORK)", error);
  }
  return new (page) std::atomic<int>(1);
}

/// A child that connects anew gets a page of its own: its handles are alive, inherited ones not.
const std::atomic<int>* guard_page() {
  static std::mutex mutex;
  static std::atomic<int>* page = nullptr;
  const std::lock_guard lock(mutex);
  if (page == nullptr || page->load() == 0) page = new_page();
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
