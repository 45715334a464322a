#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar::layout {

/// The layout that this code writes, and the oldest that it can serve.
inline constexpr std::uint32_t kLayoutVersion = 1;
inline constexpr std::uint32_t kOldestLayout = 1;

inline constexpr std::uint32_t kMaxPublishers = 64;    // one word of room-waiting bits
inline constexpr std::uint32_t kMaxSubscribers = 256;  // four words of active and sleepers bits
inline constexpr std::uint32_t kPinsPerSeat = 8;
inline constexpr std::uint32_t kBitsPerWord = 64;
inline constexpr std::uint32_t kSeatWords = kMaxSubscribers / kBitsPerWord;

inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::uint64_t kMinCapacity = kPage;
inline constexpr std::uint64_t kMaxCapacity = std::uint64_t{1} << 38;
inline constexpr std::uint32_t kMinAlignment = 8;
inline constexpr std::uint32_t kMaxAlignment = 4096;

/// Two cache lines: the prefetcher of x86 fetches lines in pairs. A number of our own, because
/// hardware_destructive_interference_size may differ between the compilers of two members.
inline constexpr std::size_t kLine = 128;
inline constexpr std::size_t kCacheLine = 64;

}  // namespace busbar::layout
