#pragma once

#include <string>

namespace busbar::cli {

/// One line on stderr: "busbar: TEXT", printable.
void say(const std::string& text);

/// What a member is told whose channel is gone.
std::string closed_text(const std::string& channel);

/// Text from elsewhere (a broker's, names that clients gave themselves) without anything that a
/// terminal would obey.
std::string printable(const std::string& text);

}  // namespace busbar::cli
