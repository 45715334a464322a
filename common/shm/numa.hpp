#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace busbar::shm {

/// While it lives, the calling thread's new memory comes from a NUMA node as long as that has any,
/// then from the others. Not copyable; destroyed by the thread that made it.
class PreferredNode {
 public:
  /// No node: does nothing.
  explicit PreferredNode(std::optional<std::uint32_t> node);
  ~PreferredNode();
  PreferredNode(const PreferredNode&) = delete;
  PreferredNode& operator=(const PreferredNode&) = delete;

  /// Why the system refuses it; empty if it does not.
  const std::string& refusal() const noexcept { return refusal_; }

 private:
  // 1024 nodes, the most that Linux can be built for.
  using Nodes = std::array<unsigned long, 1024 / (8 * sizeof(unsigned long))>;

  int policy_before_ = 0;
  Nodes nodes_before_{};
  bool changed_ = false;
  std::string refusal_;
};

/// Where this memory really is, by a sample: empty if all of it is on the node, else words.
std::string misplaced(const std::byte* at, std::uint64_t bytes, std::uint32_t node);

}  // namespace busbar::shm
