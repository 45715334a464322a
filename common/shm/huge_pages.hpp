#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace busbar::shm {

/// What the processor maps with one entry of its page tables' third level.
inline constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;

struct HugePages {
  std::uint64_t bytes = 0;   // that are in huge pages now
  std::string refusal = {};  // why not all that could be are; empty: they are
};

/// Has the kernel move what is in a mapping of a whole segment (as Mapping's) into huge pages,
/// whatever its switches for new memory say. It copies: about a second for 2 GiB, nothing for what
/// is in huge pages already. The pages are the segment's, so that every process has the profit that
/// has it mapped.
HugePages collapse(std::byte* at, std::uint64_t bytes);

/// The same for a new file, before its room is reserved: ten times faster, since there is nothing
/// to copy. As far as the system grants it; collapse() tells how far that was.
void begin_with_huge_pages(int fd, std::uint64_t bytes);

}  // namespace busbar::shm
