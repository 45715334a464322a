#pragma once

#include <busbar/bus.hpp>
#include <optional>
#include <string>

#include "cli/top/bus_sample.hpp"
#include "cli/verb.hpp"

namespace busbar::cli {

/// Asks the broker again and again, also one that went away and came back. Each question is for one
/// page, so that the broker serves others between two of them.
class Sampler {
 public:
  /// `channel`: the only one to look at, or empty. Connects; throws busbar::Error.
  Sampler(const CommonOptions& options, std::string channel);

  /// Keeps the sample before. While the broker is away there is none, and why() tells.
  void take();

  const BusSample* now() const { return now_ ? &*now_ : nullptr; }
  /// Of the same broker; null for the first one.
  const BusSample* before() const { return before_ ? &*before_ : nullptr; }
  const std::string& why() const { return why_; }
  const std::string& socket() const { return socket_; }

 private:
  BusSample ask();

  CommonOptions options_;
  std::string channel_;
  std::optional<Bus> bus_;
  std::string socket_;
  std::optional<BusSample> now_;
  std::optional<BusSample> before_;
  std::string why_;
};

}  // namespace busbar::cli
