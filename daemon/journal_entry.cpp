#include "daemon/journal_entry.hpp"

#include <cstdint>

namespace busbar::daemon {
namespace {

void append_length(std::string& bytes, std::uint64_t length) {
  for (int i = 0; i < 8; ++i, length >>= 8) bytes += static_cast<char>(length & 0xff);
}

}  // namespace

void JournalEntry::add(std::string_view name, std::string_view value) {
  bytes_ += name;
  if (value.find('\n') == std::string_view::npos) {
    bytes_ += '=';
  } else {  // otherwise its second line would be read as a field
    bytes_ += '\n';
    append_length(bytes_, value.size());
  }
  bytes_ += value;
  bytes_ += '\n';
}

}  // namespace busbar::daemon
