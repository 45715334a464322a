#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/crash_point.hpp"
#include "common/base/error.hpp"
#include "daemon/ledger/ledger_file.hpp"
#include "daemon/ledger/ledger_layout.hpp"

namespace busbar::daemon {

/// Entries of one kind in a ledger's file. An entry is there or it is not, at whatever instruction
/// the broker dies: `live` is stored last, and erased first.
template <class Entry>
class LedgerTable {
 public:
  LedgerTable(LedgerFile& file, ledger::Table& header, std::uint64_t offset, std::uint32_t most)
      : file_(file), header_(header), offset_(offset), most_(most) {
    for (std::uint32_t i = header_.reserved; i-- > 0;) {
      if (!is_live(i)) free_.push_back(i);
    }
  }

  /// Returns where it is. Throws Errc::limit; then nothing has changed.
  std::uint32_t add(Entry entry) {
    if (free_.empty()) grow();
    const std::uint32_t at = free_.back();
    free_.pop_back();
    entry.live = 0;
    *entry_at(at) = entry;
    BUSBAR_CRASH_POINT("ledger.add.entry");
    live(at).store(1, std::memory_order_release);
    BUSBAR_CRASH_POINT("ledger.add.live");
    return at;
  }

  void erase(std::uint32_t at) {
    live(at).store(0, std::memory_order_release);
    BUSBAR_CRASH_POINT("ledger.erase");
    free_.push_back(at);
  }

  const Entry& at(std::uint32_t index) const { return *entry_at(index); }

  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t i = 0; i < header_.reserved; ++i) {
      if (is_live(i)) visit(i, *entry_at(i));
    }
  }

 private:
  // 64 KiB or more at a time: /dev/shm gives whole pages.
  static constexpr std::uint32_t kStep = 65536 / sizeof(Entry);

  Entry* entry_at(std::uint32_t at) const {
    return reinterpret_cast<Entry*>(file_.data() + offset_) + at;
  }
  std::atomic_ref<std::uint64_t> live(std::uint32_t at) const {
    return std::atomic_ref<std::uint64_t>(entry_at(at)->live);
  }
  bool is_live(std::uint32_t at) const { return live(at).load(std::memory_order_acquire) == 1; }

  void grow() {
    const std::uint32_t from = header_.reserved;
    const std::uint32_t to = std::min(from + kStep, most_);
    if (to == from) {
      throw Error(Errc::limit, "the broker's ledger is full: " + std::to_string(most_) +
                                   " entries of one kind; stop clients or remove channels");
    }
    file_.reserve(offset_ + std::uint64_t{from} * sizeof(Entry),
                  std::uint64_t{to - from} * sizeof(Entry));
    header_.reserved = to;
    free_.reserve(to);  // erase() never fails
    for (std::uint32_t i = to; i-- > from;) free_.push_back(i);
  }

  LedgerFile& file_;
  ledger::Table& header_;
  std::uint64_t offset_;
  std::uint32_t most_;
  std::vector<std::uint32_t> free_;
};

}  // namespace busbar::daemon
