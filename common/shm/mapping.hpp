#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar::shm {

enum class Access { read_only, read_write };
/// When a mapping's page tables are filled: a page at its first touch, or all at once.
enum class Tables { as_touched, filled };

/// One mapping of a whole segment, or of a segment whose tail (from `doubled_from` on) is mapped a
/// second time right behind itself. Lies so that huge pages of the segment are mapped as such, in
/// both parts if their distance is a multiple of kHugePage. Not thread-safe; move-only; unmaps in
/// its destructor.
class Mapping {
 public:
  Mapping() noexcept = default;
  /// Maps `bytes` of the descriptor. Throws Errc::system.
  static Mapping plain(int fd, std::uint64_t bytes, Access access);
  /// Maps [0, bytes) and behind it [doubled_from, bytes) again. Both whole pages.
  static Mapping doubled(int fd, std::uint64_t bytes, std::uint64_t doubled_from, Access access,
                         Tables tables = Tables::as_touched);

  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  std::byte* data() const noexcept { return data_; }
  std::uint64_t bytes() const noexcept { return bytes_; }  // of the segment, counted once
  std::uint64_t mapped_bytes() const noexcept { return mapped_; }

 private:
  std::byte* data_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::uint64_t mapped_ = 0;
};

/// Size of the object behind a descriptor. Throws Errc::system.
std::uint64_t segment_size(int fd);

}  // namespace busbar::shm
