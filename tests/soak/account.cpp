#include "tests/soak/account.hpp"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdio>
#include <new>

namespace busbar::soak {

Account& new_account() {
  void* memory =
      ::mmap(nullptr, sizeof(Account), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return *new (memory) Account{};
}

bool settle(const Account& account, std::uint32_t publishers, std::uint32_t subscribers,
            double seconds) {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t p = 0; p < publishers; ++p) {
    messages += account.sent[p].messages;
    bytes += account.sent[p].bytes;
  }
  std::printf("sent: %" PRIu64 " messages, %" PRIu64
              " bytes by %u publishers in %.1f s (%.2f GB/s)\n",
              messages, bytes, publishers, seconds, static_cast<double>(bytes) / seconds / 1e9);
  bool good = true;
  for (std::uint32_t s = 0; s < subscribers; ++s) {
    const Received& got = account.received[s];
    const bool complete = got.messages == messages && got.bytes == bytes && got.wrong == 0 &&
                          got.ended && got.order == account.received[0].order;
    std::printf("subscriber %u: %" PRIu64 " messages, %" PRIu64 " bytes, %" PRIu64
                " wrong, order %016" PRIx64 "%s: %s\n",
                s, got.messages.load(), got.bytes.load(), got.wrong.load(), got.order.load(),
                got.ended ? "" : ", no end", complete ? "complete" : "NOT COMPLETE");
    good = good && complete;
  }
  return good;
}

}  // namespace busbar::soak
