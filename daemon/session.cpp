#include "daemon/session.hpp"

#include <algorithm>

#include "common/base/names.hpp"

namespace busbar::daemon {

Session::Session(std::uint64_t id, Peer peer, UserShares::Portion portion)
    : id_(id),
      peer_(std::move(peer)),
      portion_(std::move(portion)),
      process_(seen_process(peer_)) {}

Session::Session(const SessionRecord& record, UniqueFd pidfd, UserShares::Portion portion)
    : id_(record.id),
      peer_{static_cast<pid_t>(record.process.pid), record.uid, {}, std::move(pidfd)},
      portion_(std::move(portion)),
      secret_(record.secret),
      process_(record.process) {
  control::Hello& hello = hello_.emplace();
  hello.name = record.name;
  hello.library = record.library;
  hello.process = record.statement;
  portion_.set_welcomed();
}

void Session::welcome(control::Hello hello, std::string secret) {
  hello_ = std::move(hello);
  secret_ = std::move(secret);
  portion_.set_welcomed();
}

void Session::come_back(Session& by, control::Hello hello) {
  death_watch_.reset();
  peer_ = std::move(by.peer_);
  process_ = by.process_;
  hello_ = std::move(hello);
  by.death_watch_.reset();
  socket_ = std::move(by.socket_);
  bond_ = std::move(by.bond_);
  *bond_ = id_;
}

SessionRecord Session::record() const {
  return {id_, peer_.uid, process_, secret_, hello_->name, hello_->library, hello_->process};
}

std::int64_t Session::pid() const noexcept {
  if (peer_.pid != 0 || !hello_) return peer_.pid;
  return static_cast<std::int64_t>(hello_->process.pid);
}

std::string Session::words() const {
  return busbar::quoted(name()) + " (pid " + std::to_string(pid()) + ")";
}

ring::Member Session::member() const noexcept {
  if (!hello_) return {id_};
  return {id_, hello_->process.pid, hello_->process.start_time, hello_->process.pid_namespace};
}

void Session::set_dead() noexcept {
  dead_ = true;
  death_watch_.reset();  // a pidfd stays readable for ever
  socket_.reset();
}

std::uint32_t Session::held(control::Role role) const noexcept {
  return static_cast<std::uint32_t>(
      std::count_if(holdings_.begin(), holdings_.end(),
                    [role](const Holding& holding) { return holding.place.role == role; }));
}

}  // namespace busbar::daemon
