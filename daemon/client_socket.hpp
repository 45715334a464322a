#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/base/unique_fd.hpp"
#include "common/control/packet_socket.hpp"
#include "daemon/answer.hpp"
#include "daemon/event_loop.hpp"

namespace busbar::daemon {

/// The socket of one client, with its back-pressure: one request at a time is taken in, and the
/// next one is read only when the answer has been sent and, if it carried descriptors, has been
/// read. So a client that asks and never reads costs no more than its socket's buffer and one
/// answer. Main thread only.
class ClientSocket {
 public:
  /// What it waits for the client to do.
  enum class Wait { none, room, reading };

  struct Callbacks {
    /// One packet (or a longer one, cut). May destroy this object. If it neither sends nor holds,
    /// the next packet is read.
    std::function<void(control::Received&&)> received;
    /// Nobody is at the other end any more. May destroy this object.
    std::function<void()> gone;
    /// An answer will never arrive; the grant in it has to be taken back.
    std::function<void(const Holding&)> undelivered;
    /// From now on it waits for the client to make room for an answer or to read one, or no longer.
    std::function<void(Wait)> waits;
  };

  ClientSocket(EventLoop& loop, UniqueFd socket, Callbacks callbacks);
  /// Reports an answer that is still unsent as undelivered.
  ~ClientSocket();
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  /// Reads nothing until the next send().
  void hold() { enter(State::holding); }
  void send(Answer answer);
  Wait waits_for() const noexcept;

 private:
  enum class State { reading, holding, sending, unread };

  void on_events(std::uint32_t events);
  void receive();
  void gone();
  void flush();
  control::SendResult try_send();
  bool all_read() const;
  void take_back();
  void enter(State state);

  UniqueFd socket_;
  Callbacks callbacks_;
  State state_ = State::reading;
  std::optional<Answer> unsent_;
  Watch watch_;
};

}  // namespace busbar::daemon
