#pragma once

#include "common/control/messages.hpp"
#include "common/ring/format.hpp"
#include "common/shm/memory_options.hpp"
#include "common/shm/segment.hpp"

namespace busbar::config {

/// All that a channel is to be: its ring, where that lives, and who may use it. A plain value.
struct ChannelPlan {
  ring::Settings ring = {};
  shm::Backing backing = shm::Backing::named;
  shm::MemoryOptions memory = {};
  control::Access publish = {}, subscribe = {};
};

}  // namespace busbar::config
