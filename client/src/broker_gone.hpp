#pragma once

#include <string>

namespace busbar {

/// Thrown inside the library when the broker's end of the socket has gone or nobody listens: who
/// asks may try again.
struct BrokerGone {
  std::string why;
};

}  // namespace busbar
