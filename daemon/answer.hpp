#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/channel_memory.hpp"
#include "daemon/holding.hpp"

namespace busbar::daemon {

/// A reply as it goes out: the packet and, if a place was granted, the descriptors of its channel,
/// kept alive until it is sent.
struct Answer {
  struct Grant {
    Holding holding;
    std::shared_ptr<ChannelMemory> memory;
  };

  std::string packet;
  std::optional<Grant> grant = {};
};

/// The reply as a packet; one that would be too long becomes an error reply.
Answer make_answer(const control::Reply& reply);
Answer make_failure(std::uint64_t id, int code, const std::string& text);

}  // namespace busbar::daemon
