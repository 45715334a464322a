#pragma once

#include <cstddef>

namespace busbar::hot {

/// Asks for the line of `address` as one that will be written: its readers lose it.
inline void prefetch_for_writing(const std::byte* address) noexcept {
#if defined(__x86_64__)
  // Not the builtin: without -mprfchw it asks for the line as one to read.
  asm volatile("prefetchw %0" : : "m"(*address));
#else
  __builtin_prefetch(address, 1);
#endif
}

}  // namespace busbar::hot
