#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace compare {

/// A directory of this sample's own, for sockets.
class TemporaryPlace {
 public:
  TemporaryPlace() {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp");
  }
  TemporaryPlace(const TemporaryPlace&) = delete;
  TemporaryPlace& operator=(const TemporaryPlace&) = delete;
  ~TemporaryPlace() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string ipc(int channel) const { return "ipc://" + path_ + "/" + std::to_string(channel); }

 private:
  std::string path_ = std::filesystem::temp_directory_path() / "busbar-compare-XXXXXX";
};

}  // namespace compare
