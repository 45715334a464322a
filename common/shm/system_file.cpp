#include "common/shm/system_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "common/base/unique_fd.hpp"

namespace busbar::shm {

std::string system_line(const char* path) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 256> text{};
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : 0;
  const std::string line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return line.substr(0, line.find('\n'));
}

}  // namespace busbar::shm
