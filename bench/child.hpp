#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>

namespace bench {

/// Runs the calling process on one core.
void pin_to(int core);

/// Runs `work` in a forked child. Its exit status is 0 unless work throws.
pid_t start_child(const std::function<void()>& work);

/// Waits for the child; throws std::runtime_error if it failed.
void join_child(pid_t child);

/// Zeroed memory that children share. Never unmapped.
void* shared_memory(std::size_t bytes);

}  // namespace bench
