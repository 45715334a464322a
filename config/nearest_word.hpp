#pragma once

#include <span>
#include <string>
#include <string_view>

namespace busbar::config {

/// The one of `words` that `given` is most likely a misspelling of; empty if none is near.
std::string nearest_word(std::string_view given, std::span<const std::string> words);

}  // namespace busbar::config
