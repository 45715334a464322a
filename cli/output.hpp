#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/file_descriptor.hpp"

namespace busbar::cli {

/// Where `sub` and the tables write: a file, or standard output for "" and "-".
///
/// Small pieces are gathered by copying, because a message is valid in poll's callback only and
/// because one copy of a hundred bytes is cheaper than the kernel's walk over one more iovec. Large
/// ones go to the kernel straight from where they are, in one call with what was gathered before.
/// Every call throws Failure, BrokenPipe, Interrupted.
class Output {
 public:
  explicit Output(const std::string& path = {});

  void append(std::span<const std::byte> piece);
  /// Everything appended is with the kernel.
  void flush();
  /// flush, and the file closed: the last chance to hear that there was no room.
  void finish();

 private:
  void write_all(std::span<const std::byte> first, std::span<const std::byte> second);

  FileDescriptor file_;
  std::unique_ptr<std::byte[]> gathered_;
  std::size_t size_ = 0;
};

/// Writes `text` to standard output, all of it.
void print(std::string_view text);

}  // namespace busbar::cli
