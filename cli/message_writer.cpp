#include "cli/message_writer.hpp"

#include <array>
#include <limits>
#include <string>

#include "cli/exit.hpp"
#include "cli/length_prefix.hpp"

namespace busbar::cli {

void MessageWriter::write(const Message& message) {
  static constexpr std::array kNewline{std::byte{'\n'}};
  const auto payload = message.payload();
  if (framing_ == Framing::length_prefixed) write_length(payload.size());
  output_.append(payload);
  if (framing_ == Framing::lines) output_.append(kNewline);
  stats_.count(payload.size());
}

void MessageWriter::write_length(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    throw Failure("a message has " + std::to_string(size) +
                  " bytes, more than --length-prefixed can say in 4 bytes; use --raw");
  }
  output_.append(encode_length(static_cast<std::uint32_t>(size)));
}

}  // namespace busbar::cli
