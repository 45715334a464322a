#include "config/overflow_id.hpp"

#include <fstream>
#include <string>

namespace busbar::config {
namespace {

constexpr std::uint32_t kUsual = 65534;

std::uint32_t read(const char* path) {
  std::uint32_t id = 0;
  std::ifstream file(path);
  return file >> id ? id : kUsual;
}

}  // namespace

std::uint32_t overflow_user() noexcept {
  static const std::uint32_t id = read("/proc/sys/kernel/overflowuid");
  return id;
}

std::uint32_t overflow_group() noexcept {
  static const std::uint32_t id = read("/proc/sys/kernel/overflowgid");
  return id;
}

}  // namespace busbar::config
