#pragma once

#include <string>

namespace busbar::cli {

/// As a shell has to read it: in quotes where that matters.
std::string shell_word(const std::string& text);

}  // namespace busbar::cli
