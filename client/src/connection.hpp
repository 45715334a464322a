#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "busbar/options.hpp"
#include "client/src/broker_gone.hpp"
#include "client/src/broker_link.hpp"
#include "client/src/fork_guard.hpp"
#include "client/src/registration.hpp"
#include "common/base/deadline.hpp"
#include "common/base/unique_fd.hpp"
#include "common/control/messages.hpp"

namespace busbar {

/// A registered session with the broker: requests and their replies, one at a time. It goes on when
/// the broker is restarted: whoever asks next comes back to the same socket, and attend() does so
/// where nobody asks. Thread-safe. Shared by a Bus and everything that came from it; the session
/// ends with the last owner.
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
    std::uint32_t life = 0;  // of the registration that it was given to
  };
  /// Sends and waits for the reply, at most the connect timeout; where the broker has gone, waits
  /// for the next one and sends again. So each request has to be one that may be carried out twice:
  /// an `open` whose reply got lost is undone by the next hello (last_grant), `create` and `reload`
  /// find their work done, a `remove` that finds nothing more is done, the others only read.
  /// Throws the broker's own refusals, timed_out, no_broker (none has come back), protocol, forked.
  Answer ask(control::RequestBody body);

  /// The reply as the kind that it has to be.
  template <typename Kind>
  Kind ask_for(control::RequestBody body) {
    Answer answer = ask(std::move(body));
    if (Kind* kind = std::get_if<Kind>(&answer.body)) return std::move(*kind);
    throw_unexpected();
  }

  /// A notice without reply. Never blocks, never throws. While the broker is away a `leave` is kept
  /// for the next one (which finds the same in memory when it looks); others are lost. So is what
  /// concerns a place of another life of the registration.
  void tell(const control::RequestBody& body, std::uint32_t life) noexcept;

  /// For slow paths of the data path: looks whether the broker has gone and takes one step towards
  /// the next one, at most once a second, or, if `urgent`, once in 10 ms. Never waits, never
  /// throws. False while there is no broker.
  bool attend(bool urgent) noexcept;

  const ForkGuard& fork_guard() const noexcept { return fork_guard_; }
  const Registration& registration() const noexcept { return registration_; }
  /// Of handles that do not say otherwise.
  WaitPolicy wait_policy() const noexcept { return wait_policy_; }
  /// What ConnectOptions says.
  bool prefault() const noexcept { return prefault_; }
  const std::string& socket() const noexcept { return link_.path(); }

 private:
  [[noreturn]] static void throw_unexpected();
  [[noreturn]] void throw_away(const std::string& why, int attempts) const;
  [[noreturn]] void throw_others_wait() const;

  void come_back(const Deadline& deadline);
  void greet(UniqueFd socket, const Deadline& deadline);
  void await_welcome(const Deadline& deadline);
  void take_welcome(const control::Received& received);
  Answer transact(const control::RequestBody& body, bool again, const Deadline& deadline);
  Answer await_reply(std::uint64_t id, const Deadline& deadline);
  void give_back(const control::Reply& late);
  void drop() noexcept;
  bool is_due(bool urgent) const noexcept;
  void look_after();
  void take_a_step();

  ForkGuard fork_guard_;
  const std::chrono::nanoseconds timeout_;
  const WaitPolicy wait_policy_;
  const bool prefault_;
  std::timed_mutex mutex_;  // of all but the last ones
  Registration registration_;
  BrokerLink link_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, control::Role> abandoned_;  // opens that timed out: id and role
  std::atomic<std::uint32_t> looked_at_;  // when attend() looked last, by the coarse clock
  std::atomic<bool> refused_{false};      // by the broker that is there now
};

}  // namespace busbar
