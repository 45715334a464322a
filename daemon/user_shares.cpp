#include "daemon/user_shares.hpp"

#include <algorithm>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/rough_size.hpp"

namespace busbar::daemon {
namespace {

// Connections beyond the limit that are let in, to be told so.
constexpr std::uint32_t kPatience = 8;

}  // namespace

UserShares::Portion& UserShares::Portion::operator=(Portion&& other) noexcept {
  if (this != &other) {
    give_back();
    shares_ = std::exchange(other.shares_, nullptr);
    user_ = other.user_;
    part_ = other.part_;
  }
  return *this;
}

void UserShares::Portion::give_back() noexcept {
  if (shares_ == nullptr) return;
  const auto at = shares_->uses_.find(user_);
  shares_ = nullptr;
  Use& use = at->second;
  use.sessions -= part_.sessions;
  use.channels -= part_.channels;
  use.memory -= part_.memory;
  use.clients -= part_.clients;
}

void UserShares::Portion::set_welcomed() noexcept {
  part_.clients = 1;
  ++shares_->uses_.find(user_)->second.clients;
}

UserShares::Use UserShares::use(uid_t user) const noexcept {
  const auto at = uses_.find(user);
  return at == uses_.end() ? Use() : at->second;
}

UserShares::Portion UserShares::add(uid_t user, Use part) {
  // Entries stay: there are no more of them than users that were ever let in.
  Use& use = uses_[user];
  use.sessions += part.sessions;
  use.channels += part.channels;
  use.memory += part.memory;
  return Portion(this, user, part);
}

UserShares::Portion UserShares::add_session(uid_t user) {
  return add(user, {.sessions = 1});
}

bool UserShares::crowds(uid_t user) const noexcept {
  const Use now = use(user);
  // With a limit that was lowered there are more, and they have to come in again.
  return binds(user) && now.sessions >= std::max(most_.clients, now.clients) + kPatience;
}

void UserShares::check_clients(uid_t user) const {
  if (!binds(user) || use(user).sessions <= most_.clients) return;
  throw Error(Errc::limit, "uid " + std::to_string(user) + " has " + std::to_string(most_.clients) +
                               " clients, the most that one user may have; stop some or raise "
                               "limits.per_user.clients");
}

UserShares::Portion UserShares::add_channel(uid_t user, const std::string& channel,
                                            std::uint64_t bytes) {
  if (binds(user)) {
    const Use now = use(user);
    const std::string start = "channel " + busbar::quoted(channel) + ": ";
    if (now.channels >= most_.channels) {
      throw Error(Errc::limit, start + "uid " + std::to_string(user) + " has created " +
                                   std::to_string(now.channels) +
                                   " channels, the most that one user may have; remove some or "
                                   "raise limits.per_user.channels");
    }
    if (bytes > most_.memory || now.memory > most_.memory - bytes) {
      throw Error(Errc::limit,
                  start + "it takes " + rough_size_text(bytes) + ", and the channels of uid " +
                      std::to_string(user) + " have " + rough_size_text(now.memory) + " of the " +
                      rough_size_text(most_.memory) +
                      " that one user may have; lower \"capacity\", remove channels or raise "
                      "limits.per_user.memory");
    }
  }
  return add(user, {.channels = 1, .memory = bytes});
}

}  // namespace busbar::daemon
