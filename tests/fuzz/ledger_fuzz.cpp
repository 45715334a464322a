#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "daemon/ledger/entries.hpp"

// Whatever stands in an entry of a ledger makes no sense, or is a value that can be written down
// and read again as the same one.

namespace {

using namespace busbar::daemon;

template <class Entry>
Entry entry_from(const std::uint8_t* bytes, std::size_t size) {
  Entry entry{};
  std::memcpy(&entry, bytes, std::min(size, sizeof entry));
  return entry;
}

template <class Entry, class Record>
void check(const std::uint8_t* bytes, std::size_t size) {
  Record record;
  if (!ledger::read(entry_from<Entry>(bytes, size), record)) return;
  const Entry written = ledger::entry_of(record);
  Record again;
  if (!ledger::read(written, again)) std::abort();
  const Entry twice = ledger::entry_of(again);
  if (std::memcmp(&written, &twice, sizeof written) != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  switch (bytes[0] % 3) {
    case 0:
      check<ledger::SessionEntry, SessionRecord>(bytes + 1, size - 1);
      break;
    case 1:
      check<ledger::ChannelEntry, ChannelRecord>(bytes + 1, size - 1);
      break;
    default:
      check<ledger::HoldingEntry, HoldingRecord>(bytes + 1, size - 1);
  }
  return 0;
}
