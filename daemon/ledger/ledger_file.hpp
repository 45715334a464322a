#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/unique_fd.hpp"
#include "common/shm/mapping.hpp"

namespace busbar::daemon {

/// The file in /dev/shm that a ledger lives in: as long as it may ever become, with memory only
/// where it has been reserved. The owner's alone (mode 0600). Move-only, one thread at a time.
class LedgerFile {
 public:
  /// The one that an earlier broker has left; nothing if there is none. Throws Errc::damaged (not a
  /// file of this user alone, or of another length), Errc::system.
  static std::optional<LedgerFile> open(const std::string& name, std::uint64_t bytes);
  /// A new one of zeroes, where none is. Throws Errc::system.
  static LedgerFile create(const std::string& name, std::uint64_t bytes);

  /// Gives memory to these bytes. Throws Errc::limit if there is none.
  void reserve(std::uint64_t offset, std::uint64_t bytes);

  std::byte* data() const noexcept { return mapping_.data(); }
  void unlink() noexcept;

 private:
  LedgerFile(std::string name, UniqueFd fd, std::uint64_t bytes);

  std::string name_;
  UniqueFd fd_;
  shm::Mapping mapping_;
};

}  // namespace busbar::daemon
