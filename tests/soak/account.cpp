#include "tests/soak/account.hpp"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdio>
#include <new>

namespace busbar::soak {
namespace {

bool settle_reliable(const Account& account, std::uint32_t index, std::uint64_t messages,
                     std::uint64_t bytes) {
  const Received& got = account.received[index];
  const bool complete = got.messages == messages && got.bytes == bytes && got.wrong == 0 &&
                        got.ended && got.order == account.received[0].order;
  std::printf("reliable %u: %" PRIu64 " messages, %" PRIu64 " bytes, %" PRIu64
              " wrong, order %016" PRIx64 "%s: %s\n",
              index, got.messages.load(), got.bytes.load(), got.wrong.load(), got.order.load(),
              got.ended ? "" : ", no end", complete ? "complete" : "NOT COMPLETE");
  return complete;
}

bool settle_lossy(const Received& got, const char* what, std::uint32_t index,
                  std::uint64_t messages, bool was_there) {
  const bool exact = got.wrong == 0 && got.miscounted == 0 &&
                     (!was_there || (got.ended && got.messages + got.lost == messages));
  std::printf("%s %u: %" PRIu64 " received, %" PRIu64 " lost in %" PRIu64 " overruns, %" PRIu64
              " sessions, %" PRIu64 " held at most; %" PRIu64 " looked at again, %" PRIu64
              " wrong; %" PRIu64 " places checked, %" PRIu64 " miscounted%s: %s\n",
              what, index, got.messages.load(), got.lost.load(), got.overruns.load(),
              got.sessions.load(), got.most_held.load(), got.looks.load(), got.wrong.load(),
              got.counted.load(), got.miscounted.load(), got.ended || !was_there ? "" : ", no end",
              exact ? "exact" : "NOT EXACT");
  return exact;
}

}  // namespace

std::uint64_t Account::all_begun() const {
  std::uint64_t sum = 0;
  for (const Sent& one : sent) sum += one.begun.load();
  return sum;
}

std::uint64_t Account::all_messages() const {
  std::uint64_t sum = 0;
  for (const Sent& one : sent) sum += one.messages.load();
  return sum;
}

Account& new_account() {
  // Most of it is never touched.
  void* memory = ::mmap(nullptr, sizeof(Account), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return *static_cast<Account*>(memory);
}

bool settle(const Account& account, const Options& options, double seconds, std::uint64_t laps) {
  const std::uint64_t messages = account.all_messages();
  std::uint64_t bytes = 0;
  for (const Sent& sent : account.sent) bytes += sent.bytes.load();
  std::printf("sent: %" PRIu64 " messages, %" PRIu64
              " bytes by %u publishers (%u abort) in %.1f s (%.2f GB/s), %" PRIu64
              " laps of %" PRIu64 " bytes\n",
              messages, bytes, options.publishers, options.aborting, seconds,
              static_cast<double>(bytes) / seconds / 1e9, laps, options.capacity);
  bool good = true;
  for (std::uint32_t i = 0; i < options.reliable; ++i) {
    good = settle_reliable(account, i, messages, bytes) && good;
  }
  for (std::uint32_t i = 0; i < options.lossy + options.joiners; ++i) {
    const bool was_there = i < options.lossy;
    good = settle_lossy(account.received[options.reliable + i], was_there ? "lossy" : "joiner", i,
                        messages, was_there) &&
           good;
  }
  return good;
}

}  // namespace busbar::soak
