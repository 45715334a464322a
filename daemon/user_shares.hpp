#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "config/user_share.hpp"

namespace busbar::daemon {

/// What each user has of what all share, and the most that one may have, so that none can use up
/// the others' part. The broker's own user and root are counted and not bound. Main thread only;
/// outlives its portions.
class UserShares {
 public:
  struct Use {
    std::uint32_t sessions = 0;
    std::uint32_t channels = 0;
    std::uint64_t memory = 0;
    std::uint32_t clients = 0;  // of the sessions, those that were welcomed
  };

  /// Something that a user has; destruction gives it back. Move-only.
  class Portion {
   public:
    Portion() noexcept = default;
    Portion(Portion&& other) noexcept
        : shares_(std::exchange(other.shares_, nullptr)), user_(other.user_), part_(other.part_) {}
    Portion& operator=(Portion&& other) noexcept;
    ~Portion() { give_back(); }
    /// The session is a client's by now. Once.
    void set_welcomed() noexcept;

   private:
    friend class UserShares;
    Portion(UserShares* shares, uid_t user, Use part) noexcept
        : shares_(shares), user_(user), part_(part) {}
    void give_back() noexcept;

    UserShares* shares_ = nullptr;
    uid_t user_ = 0;
    Use part_ = {};
  };

  UserShares(uid_t own, config::UserShare most) noexcept : own_(own), most_(most) {}
  UserShares(const UserShares&) = delete;
  UserShares& operator=(const UserShares&) = delete;

  /// Who has more by now keeps it.
  void set_most(config::UserShare most) noexcept { most_ = most; }

  bool binds(uid_t user) const noexcept { return user != own_ && user != 0; }
  Use use(uid_t user) const noexcept;

  /// One more connection, whatever the limit is.
  Portion add_session(uid_t user);
  /// Whether a user has so many connections that not even a refusal is due to the next one.
  bool crowds(uid_t user) const noexcept;
  /// Throws Errc::limit if a user has more connections than one may have clients.
  void check_clients(uid_t user) const;

  /// Throws Errc::limit, telling the channel, if a user may not have one more, or so much memory.
  Portion add_channel(uid_t user, const std::string& channel, std::uint64_t bytes);

  /// Whatever the limits are: what is there already.
  Portion keep_channel(uid_t user, std::uint64_t bytes) {
    return add(user, {.channels = 1, .memory = bytes});
  }

 private:
  Portion add(uid_t user, Use part);

  uid_t own_;
  config::UserShare most_;
  std::map<uid_t, Use> uses_;  // those that have something
};

}  // namespace busbar::daemon
