#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/config_node.hpp"

namespace busbar::config {

/// Reads the values of one file; every error has file, line, pointer, what was found and what is
/// allowed, and is an Error of Errc::invalid_argument. A plain value that names its file.
class ConfigSection {
 public:
  using Reader = std::function<void(const ConfigNode&)>;
  using Key = std::pair<std::string, Reader>;

  explicit ConfigSection(std::string file) : file_(std::move(file)) {}

  /// Gives each member of an object to the reader of its key; refuses other keys.
  void read(const ConfigNode& node, std::span<const Key> keys) const;

  std::uint64_t size(const ConfigNode& node) const;
  std::uint64_t duration_ns(const ConfigNode& node) const;
  std::uint32_t count(const ConfigNode& node, std::uint32_t from, std::uint32_t to) const;
  bool flag(const ConfigNode& node) const;
  std::string text(const ConfigNode& node) const;
  std::string one_of(const ConfigNode& node, std::span<const std::string> words) const;
  const std::vector<ConfigNode>& list(const ConfigNode& node) const;

  [[noreturn]] void expected(const ConfigNode& node, const std::string& what) const;
  [[noreturn]] void fail(const ConfigNode& node, const std::string& what) const;

 private:
  [[noreturn]] void unknown_key(const ConfigNode& node, const std::string& key,
                                std::span<const Key> keys) const;
  std::string file_;
};

}  // namespace busbar::config
