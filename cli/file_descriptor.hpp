#pragma once

#include <string>

namespace busbar::cli {

/// A file that is open. Move-only; closes what it opened, never the standard streams.
class FileDescriptor {
 public:
  /// An open standard stream, which stays open.
  static FileDescriptor standard_input();
  static FileDescriptor standard_output();
  /// Throws Failure.
  static FileDescriptor open_to_read(const std::string& path);
  /// Made or emptied first. Throws Failure.
  static FileDescriptor open_to_write(const std::string& path);

  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor();

  int get() const noexcept { return fd_; }
  /// For messages: the path, "standard input", "standard output".
  const std::string& name() const noexcept { return name_; }

  /// Closes it now, because some file systems tell only then that there was no room. Throws
  /// Failure.
  void close();

 private:
  FileDescriptor(int fd, bool owned, std::string name);

  int fd_;
  bool owned_;
  std::string name_;
};

/// Where the caller closed a standard stream, puts something there that can be neither read nor
/// written: else the next file or socket would get its number.
void reserve_standard_streams();

}  // namespace busbar::cli
