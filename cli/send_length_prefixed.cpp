#include <cstdint>
#include <string>

#include "cli/exit.hpp"
#include "cli/input_buffer.hpp"
#include "cli/length_prefix.hpp"
#include "cli/send_formats.hpp"

namespace busbar::cli {
namespace {

[[noreturn]] void throw_cut_short(std::uint64_t number, const char* where, std::size_t have,
                                  std::size_t size) {
  throw Failure("message " + std::to_string(number) + ": the input ends within its " + where +
                ", after " + std::to_string(have) + " of " + std::to_string(size) +
                " bytes; it was not published");
}

}  // namespace

void send_length_prefixed(Input& input, Sender& sender) {
  InputBuffer buffer(input);
  for (std::uint64_t number = 1;; ++number) {
    if (!buffer.fill(kLengthPrefix)) {
      if (buffer.unread().empty()) return;
      throw_cut_short(number, "length", buffer.unread().size(), kLengthPrefix);
    }
    const std::size_t size = decode_length(buffer.unread().first<kLengthPrefix>());
    buffer.consume(kLengthPrefix);
    sender.check_size(size, [&] { return "message " + std::to_string(number); });
    if (!buffer.fill(size)) throw_cut_short(number, "payload", buffer.unread().size(), size);
    sender.send(buffer.unread().first(size));
    buffer.consume(size);
  }
}

}  // namespace busbar::cli
