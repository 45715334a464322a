#pragma once

#include <atomic>
#include <busbar/busbar.hpp>
#include <cstdint>
#include <string>

#include "tests/live_fuzz/shared.hpp"

namespace busbar::live_fuzz {

struct Scene {
  const std::string& socket;
  Shared& shared;
  std::atomic<std::uint64_t>& steps;
  std::uint64_t seed;
};

/// Honest members of a channel that is spoiled: whatever they get, they get it in time. Errors of
/// the library are answers too; everything else is thrown on.
void publish_on(const Scene& scene, const std::string& channel, bool may_wait);
void subscribe_to(const Scene& scene, const std::string& channel);

/// Both ends of a channel that nobody spoils: each message comes, whole and in order.
void publish_exactly(const Scene& scene);
void subscribe_exactly(const Scene& scene);

/// Asks the broker everything, and makes the spoiled channels anew from time to time.
void ask(const Scene& scene);

inline constexpr const char* kExact = "exact";
/// Spoiled by a subscriber; by a publisher; and one of one publisher by a subscriber.
inline constexpr const char* kSpoiled[] = {"seats", "ring", "solo-seats"};
void create_spoiled(const std::string& socket);
void remove_if_there(Bus& bus, const char* channel);

}  // namespace busbar::live_fuzz
