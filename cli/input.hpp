#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "cli/file_descriptor.hpp"

namespace busbar::cli {

/// Where `pub` reads: a file, or standard input for "" and "-".
class Input {
 public:
  /// Throws Failure.
  explicit Input(const std::string& path);

  /// Some bytes, 0 at the end. Throws Failure, Interrupted.
  std::size_t read(std::span<std::byte> to);

  /// How many bytes a regular file still has, as it was when it was opened; 0 for anything else.
  /// Reading that many does not wait for anybody.
  std::uint64_t sure_bytes() const noexcept { return sure_bytes_; }

 private:
  FileDescriptor file_;
  bool regular_ = false;
  std::uint64_t sure_bytes_ = 0;
};

}  // namespace busbar::cli
