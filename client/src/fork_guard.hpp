#pragma once

#include <atomic>

namespace busbar {

/// Tells a forked child from the process that made the handles: one page that the kernel wipes in
/// the child (MADV_WIPEONFORK), so that the hot path asks with one load and no system call.
/// The page is made at the first use and stays for the life of the process.
class ForkGuard {
 public:
  /// Throws Errc::system if the page cannot be had.
  ForkGuard();

  const std::atomic<int>& alive() const noexcept { return *alive_; }
  bool forked() const noexcept { return alive_->load(std::memory_order_relaxed) == 0; }

 private:
  const std::atomic<int>* alive_;
};

/// Throws Errc::forked.
[[noreturn]] void throw_forked();

}  // namespace busbar
