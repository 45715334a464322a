#pragma once

#include <cstddef>

#include "cli/input.hpp"
#include "cli/sender.hpp"

// How `pub` cuts its input into messages. Each sends all of it; throws Failure with the place in
// the input if it cannot, and whatever Input and Sender throw.

namespace busbar::cli {

/// Each line without its newline; a last line without one too.
void send_lines(Input& input, Sender& sender);

/// Pieces of `size` bytes, however the input comes in; the last may be shorter.
void send_chunks(Input& input, Sender& sender, std::size_t size);

/// A length of 4 bytes, little-endian, then as many bytes; again and again.
void send_length_prefixed(Input& input, Sender& sender);

}  // namespace busbar::cli
