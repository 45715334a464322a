#include <memory>
#include <string>
#include <utility>

#include "cli/input_buffer.hpp"
#include "cli/send_formats.hpp"

namespace busbar::cli {
namespace {

// Below this size a system call for each chunk costs more than one more copy.
constexpr std::size_t kDirect = 16 * 1024;

/// Reads until `to` is full or the input ends, and returns how much that was.
std::size_t read_fully(Input& input, std::span<std::byte> to) {
  std::size_t have = 0;
  while (have < to.size()) {
    const std::size_t got = input.read(to.subspan(have));
    if (got == 0) break;
    have += got;
  }
  return have;
}

/// From a regular file straight into the ring. Only as long as a whole chunk is sure to be there:
/// an open claim holds up fellow publishers, so nobody may be waited for while it is open.
void send_sure_chunks(Input& input, Sender& sender, std::size_t size) {
  std::unique_ptr<std::byte[]> unwanted;
  while (input.sure_bytes() >= size) {
    std::size_t have = 0;
    if (Claim claim = sender.claim(size)) {
      have = read_fully(input, {claim.data(), size});
      if (have != 0) sender.commit(std::move(claim), have);
    } else {
      if (!unwanted) unwanted = std::make_unique_for_overwrite<std::byte[]>(size);
      have = read_fully(input, {unwanted.get(), size});
    }
    // The file was cut short meanwhile.
    if (have < size) return;
  }
}

}  // namespace

void send_chunks(Input& input, Sender& sender, std::size_t size) {
  sender.check_size(size, [] { return std::string("a chunk"); });
  if (size >= kDirect) send_sure_chunks(input, sender, size);
  InputBuffer buffer(input);
  while (buffer.fill(size)) {
    sender.send(buffer.unread().first(size));
    buffer.consume(size);
  }
  if (!buffer.unread().empty()) sender.send(buffer.unread());
}

}  // namespace busbar::cli
