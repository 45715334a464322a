#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/base/error.hpp"
#include "common/control/codec.hpp"

// A packet that is understood is written and understood again, and says the same.

namespace {

using busbar::control::kLargestRequest;

busbar::control::Request decode_request(std::string_view packet) {
  std::uint64_t id = 0;
  return busbar::control::decode_request(packet, id);
}

template <class Decode>
void check(std::string_view packet, Decode decode) {
  std::string written;
  try {
    written = encode(decode(packet));
  } catch (const busbar::Error& error) {
    if (error.errc() != busbar::Errc::protocol) std::abort();
    return;
  }
  if (written.size() > kLargestRequest) return;  // keys that were missing are written
  if (encode(decode(written)) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  check(packet, decode_request);
  check(packet, busbar::control::decode_reply);
  return 0;
}
