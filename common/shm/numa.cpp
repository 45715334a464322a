#include "common/shm/numa.hpp"

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>
#include <vector>

#include "common/layout/limits.hpp"
#include "common/shm/system_file.hpp"

namespace busbar::shm {
namespace {

constexpr std::size_t kLongBits = sizeof(unsigned long) * CHAR_BIT;
constexpr unsigned long kNodes = 1024;
// The kernel takes one bit less than it is told.
constexpr unsigned long kToldNodes = kNodes + 1;
constexpr std::uint64_t kSample = 64;  // pages

std::string refused(std::uint32_t node, int error) {
  if (error == ENOSYS) return "this kernel knows no NUMA nodes";
  if (error == EINVAL) {
    const std::string nodes = system_line("/sys/devices/system/node/has_memory");
    return "there is no node " + std::to_string(node) + " that this process may use" +
           (nodes.empty() ? "" : " (those with memory: " + nodes + ")");
  }
  return "set_mempolicy: " + std::generic_category().message(error) + " (a seccomp filter?)";
}

}  // namespace

// The thread's policy and not the mapping's: the pages are taken when their room is reserved,
// before anything is mapped.
PreferredNode::PreferredNode(std::optional<std::uint32_t> node) {
  if (!node) return;
  Nodes wanted{};
  wanted[*node / kLongBits] |= 1ul << (*node % kLongBits);
  changed_ =
      ::syscall(SYS_get_mempolicy, &policy_before_, nodes_before_.data(), kNodes, 0, 0) == 0 &&
      ::syscall(SYS_set_mempolicy, MPOL_PREFERRED, wanted.data(), kToldNodes) == 0;
  if (!changed_) refusal_ = refused(*node, errno);
}

PreferredNode::~PreferredNode() {
  if (changed_) ::syscall(SYS_set_mempolicy, policy_before_, nodes_before_.data(), kToldNodes);
}

std::string misplaced(const std::byte* at, std::uint64_t bytes, std::uint32_t node) {
  const std::uint64_t pages = bytes / layout::kPage;
  const std::uint64_t sample = std::min(pages, kSample);
  std::vector<const void*> where;
  for (std::uint64_t i = 0; i < sample; ++i) {
    where.push_back(at + i * pages / sample * layout::kPage);
    // A page that is not in this process's tables yet is nowhere.
    static_cast<void>(*static_cast<const volatile std::byte*>(where.back()));
  }
  std::vector<int> nodes(where.size(), -1);
  if (::syscall(SYS_move_pages, 0, where.size(), where.data(), nullptr, nodes.data(), 0) != 0) {
    return "where it is cannot be told (move_pages: " + std::generic_category().message(errno) +
           ")";
  }
  const auto elsewhere = std::count_if(nodes.begin(), nodes.end(), [node](int found) {
    return found >= 0 && static_cast<std::uint32_t>(found) != node;
  });
  if (elsewhere == 0) return {};
  const auto percent = static_cast<std::uint64_t>(elsewhere) * 100 / sample;
  return "about " + std::to_string(std::max<std::uint64_t>(percent, 1)) +
         " % of it is on other nodes: this one had no room";
}

}  // namespace busbar::shm
