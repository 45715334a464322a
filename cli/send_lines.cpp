#include <string>

#include "cli/line_reader.hpp"
#include "cli/send_formats.hpp"

namespace busbar::cli {

void send_lines(Input& input, Sender& sender) {
  LineReader lines(input, sender.max_message());
  while (const auto line = lines.next()) {
    sender.check_size(
        line->bytes.size(), [&] { return "line " + std::to_string(line->number); }, !line->whole);
    sender.send(line->bytes);
  }
}

}  // namespace busbar::cli
