#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "busbar/options.hpp"
#include "client/src/fork_guard.hpp"
#include "common/base/deadline.hpp"
#include "common/base/unique_fd.hpp"
#include "common/control/messages.hpp"
#include "common/control/packet_socket.hpp"

namespace busbar {

/// A registered session with the broker: requests and their replies, one at a time. Thread-safe.
/// Shared by a Bus and everything that came from it; the session ends with the last owner.
class Connection {
 public:
  /// Finds the socket, connects and says hello. Throws as Bus::connect.
  explicit Connection(const ConnectOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  struct Answer {
    control::ReplyBody body;
    std::vector<UniqueFd> descriptors;
  };
  /// Sends and waits for the reply, at most the connect timeout. Throws the broker's own refusals,
  /// timed_out, no_broker (it has gone), protocol, forked.
  Answer ask(control::RequestBody body);

  /// The reply as the kind that it has to be.
  template <typename Kind>
  Kind ask_for(control::RequestBody body) {
    Answer answer = ask(std::move(body));
    if (Kind* kind = std::get_if<Kind>(&answer.body)) return std::move(*kind);
    throw_unexpected();
  }

  /// A notice without reply. Never blocks, never throws: the broker finds the same fact in memory.
  void tell(const control::RequestBody& body) noexcept;

  const ForkGuard& fork_guard() const noexcept { return fork_guard_; }
  const std::string& socket() const noexcept { return path_; }
  std::uint64_t session() const noexcept { return session_; }

 private:
  [[noreturn]] static void throw_unexpected();
  void send(const std::string& packet, const Deadline& deadline);
  control::Received receive(const Deadline& deadline);
  Answer await_reply(std::uint64_t id, const Deadline& deadline);
  void give_back(const control::Reply& late);
  [[noreturn]] void throw_gone() const;

  ForkGuard fork_guard_;
  std::timed_mutex mutex_;
  std::string path_;
  UniqueFd socket_;
  std::chrono::nanoseconds timeout_;
  std::uint64_t last_id_ = 0;
  std::uint64_t session_ = 0;
  std::map<std::uint64_t, control::Role> abandoned_;  // opens that timed out: id and role
};

}  // namespace busbar
