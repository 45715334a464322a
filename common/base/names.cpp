#include "common/base/names.hpp"

#include <algorithm>
#include <cstdio>

#include "common/base/error.hpp"

namespace busbar {
namespace {

constexpr std::size_t kLongestChannelName = 128;
constexpr std::size_t kLongestBusName = 64;
constexpr std::size_t kLongestQuote = 160;
constexpr std::string_view kReservedName = "busbar";

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

bool is_channel_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kLongestChannelName && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '.'; });
}

bool is_bus_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kLongestBusName &&
         std::all_of(name.begin(), name.end(), is_word);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kLongestQuote)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      out += escape;
    }
  }
  out += text.size() > kLongestQuote ? "\"..." : "\"";
  return out;
}

bool is_reserved_channel_name(std::string_view name) noexcept {
  return name == kReservedName ||
         (name.starts_with(kReservedName) && name[kReservedName.size()] == '.');
}

void require_channel_name(std::string_view name) {
  if (is_reserved_channel_name(name)) {
    throw Error(Errc::invalid_name, "channel name " + quoted(name) +
                                        " is reserved: \"busbar\" and names that begin with "
                                        "\"busbar.\" are the bus's own; choose another");
  }
  if (is_channel_name(name)) return;
  throw Error(Errc::invalid_name,
              "channel name " + quoted(name) + " (" + std::to_string(name.size()) +
                  " bytes) is invalid: 1 to 128 characters of A-Z a-z 0-9 _ - and, not first, "
                  "dots");
}

}  // namespace busbar
