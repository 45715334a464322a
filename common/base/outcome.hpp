#pragma once

#include <cstdint>
#include <string_view>

#include "export.hpp"

namespace busbar {

/// What a call of the hot path came to. Values, never exceptions.
enum class Outcome : std::uint8_t {
  ok,       ///< done
  empty,    ///< try_receive: no message is waiting
  timeout,  ///< the time limit passed first
  full,     ///< try_claim: no room; or a claim that could only wait for the caller's own claims
  dropped,  ///< no room and the channel says drop_newest: the message was dropped and counted
  overrun,  ///< a lossy seat was lapped (see Subscriber::lost)
  too_many_held,  ///< the seat already holds 8 messages: release one first
  interrupted,    ///< interrupt() was called
  evicted,        ///< the seat was taken away because it held up its publishers
  ended,          ///< end of stream
  closed,         ///< the channel is gone, or its memory can no longer be trusted
};

/// The outcome's name as it stands above, for logs. Never fails.
BUSBAR_EXPORT std::string_view to_string(Outcome outcome) noexcept;

}  // namespace busbar
