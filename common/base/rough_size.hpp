#pragma once

#include <cstdint>
#include <string>

namespace busbar {

/// For people: three digits at most, never rounded up ("3.5GiB", "10MiB", "512"). size_text() is
/// the exact form.
std::string rough_size_text(std::uint64_t bytes);

}  // namespace busbar
