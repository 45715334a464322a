#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstring>
#include <new>

namespace compare {

/// Memory that forked processes share, touched and zeroed.
inline void* shared_memory(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return std::memset(memory, 0, bytes);
}

/// A T in such memory, until the process ends.
template <typename T>
T& shared() {
  return *new (shared_memory(sizeof(T))) T;
}

}  // namespace compare
