#pragma once

#include <cstdint>
#include <string>

#include "common/control/messages.hpp"
#include "daemon/session_table.hpp"

namespace busbar::daemon {

/// Decides who may join. Main thread only.
class Greeter {
 public:
  Greeter(const SessionTable& sessions, std::string bus, std::uint32_t clients_limit)
      : sessions_(sessions), bus_(std::move(bus)), clients_limit_(clients_limit) {}

  /// Throws Errc::refused, version, protocol, invalid_name or limit, with both sides in the text.
  control::Welcome greet(Session& session, const control::Hello& hello) const;

 private:
  const SessionTable& sessions_;
  std::string bus_;
  std::uint32_t clients_limit_;
};

}  // namespace busbar::daemon
