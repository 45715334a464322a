#include "tests/torture/account.hpp"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdio>
#include <new>

namespace busbar::torture {

Account& new_account() {
  // Most of it is never touched.
  void* memory = ::mmap(nullptr, sizeof(Account), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return *static_cast<Account*>(memory);
}

bool Agreement::with(std::uint64_t sequence, std::uint64_t what) {
  constexpr std::uint64_t kWhat = (1 << 24) - 1;
  const std::uint64_t own = (sequence + 1) << 24 | (what & kWhat);
  std::atomic<std::uint64_t>& found = entry[sequence % kSize];
  std::uint64_t seen = found.load();
  while (seen >> 24 < sequence + 1) {
    if (found.compare_exchange_weak(seen, own)) return true;
  }
  return seen >> 24 > sequence + 1 || seen == own;
}

void report(std::atomic<std::uint64_t>& wrong, const char* what, std::uint32_t channel,
            std::uint32_t publisher, std::uint64_t number, std::uint64_t instead) {
  if (wrong.fetch_add(1) >= 20) return;  // one may bring thousands
  std::fprintf(stderr, "torture: %s: channel %u, publisher %u, message %" PRIu64 " (%" PRIu64 ")\n",
               what, channel, publisher, number, instead);
}

}  // namespace busbar::torture
