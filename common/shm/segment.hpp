#pragma once

#include <cstdint>
#include <string>

#include "common/base/unique_fd.hpp"

namespace busbar::shm {

enum class Backing { named, sealed };
/// What its memory is made of: as the kernel has it, or huge pages as far as it grants them.
enum class Pages { ordinary, huge };

/// A shared-memory segment as the broker creates it: its room reserved, mode 0600, with descriptors
/// to hand out. Not thread-safe; move-only. Destruction closes; unlink() removes a name.
class Segment {
 public:
  /// Creates a segment of `bytes` (whole pages) of zeroes, every byte reserved now.
  /// named: /dev/shm/NAME, O_EXCL (NAME without a slash). sealed: a memfd that can neither shrink
  /// nor grow; NAME is for /proc only. Throws Errc::limit if the memory is not there (the text has
  /// the size, what is free and the remedy), Errc::system otherwise. Leaves nothing behind.
  static Segment create(Backing backing, const std::string& name, std::uint64_t bytes,
                        Pages pages = Pages::ordinary);

  /// What an earlier process has created so: /dev/shm/NAME, or the memfd behind a descriptor.
  /// Throws Errc::damaged if it is missing, not this user's alone or, sealed, without its seals;
  /// Errc::system.
  static Segment open(const std::string& name);
  static Segment open(const std::string& name, UniqueFd sealed);

  int writable_fd() const noexcept { return writable_.get(); }
  int readable_fd() const noexcept { return readable_.get(); }
  std::uint64_t bytes() const noexcept { return bytes_; }
  const std::string& name() const noexcept { return name_; }
  Backing backing() const noexcept { return backing_; }

  /// Removes the name; whoever has it mapped keeps it. Does nothing for sealed or a second time.
  void unlink() noexcept;
  /// Gives it another name instead. False if that failed.
  bool rename(const std::string& name) noexcept;

 private:
  Segment(Backing backing, std::string name, std::uint64_t bytes)
      : backing_(backing), name_(std::move(name)), bytes_(bytes) {}

  Backing backing_;
  std::string name_;
  std::uint64_t bytes_;
  UniqueFd writable_;
  UniqueFd readable_;
  bool linked_ = false;
};

}  // namespace busbar::shm
