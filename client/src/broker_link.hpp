#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/deadline.hpp"
#include "common/base/unique_fd.hpp"
#include "common/control/packet_socket.hpp"

namespace busbar {

/// The socket to the broker, which may be gone and come back. One thread at a time, but for
/// notice() and state().
class BrokerLink {
 public:
  enum class State {
    away,      ///< no socket
    greeting,  ///< the hello is sent, its answer not yet read
    ready,
  };

  /// Once, before anything else.
  void set_path(std::string path) { path_ = std::move(path); }

  State state() const noexcept { return state_.load(std::memory_order_acquire); }
  const std::string& path() const noexcept { return path_; }

  /// Takes a socket that is connected, and says hello: greeting. Throws BrokerGone.
  void greet(UniqueFd socket, const std::string& hello, const Deadline& deadline);
  /// The broker's welcome has been read: ready, for this life of the registration. Sends what
  /// notice() has kept, if that is of the same one.
  void set_ready(std::uint32_t life) noexcept;
  /// Away.
  void drop() noexcept;

  /// Throws BrokerGone, Errc::timed_out.
  void send(const std::string& packet, const Deadline& deadline);
  /// The same, Errc::protocol.
  control::Received receive(const Deadline& deadline);
  /// Nothing if nothing is there. Throws BrokerGone, Errc::protocol.
  std::optional<control::Received> receive_now();

  /// Any thread: sends if that is possible at once, and only when ready; before, `keep` keeps it
  /// until then, if there is room. What is of an earlier life is dropped: a broker whose numbers
  /// begin anew would take it for what it has given since. Never throws.
  void notice(const std::string& packet, bool keep, std::uint32_t life) noexcept;

 private:
  [[noreturn]] void throw_gone() const;

  std::string path_;
  std::atomic<State> state_{State::away};
  std::mutex replacing_;  // of what follows, against notice(); never held for longer than sends
  UniqueFd socket_;
  std::uint32_t life_ = 0;
  std::vector<std::string> kept_;
};

}  // namespace busbar
