#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/control/messages.hpp"
#include "config/config.hpp"
#include "config/settings_resolver.hpp"
#include "daemon/access_control.hpp"
#include "daemon/answer.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/complaints.hpp"
#include "daemon/health.hpp"
#include "daemon/reloader.hpp"
#include "daemon/session_table.hpp"

namespace busbar::daemon {

/// Carries out what clients ask for. A request that has to wait for the housekeeper is put aside
/// with its channel and carried out from its beginning when the channel is no longer busy; so each
/// is written as if it never waited. Main thread only.
class Requests {
 public:
  using Reload = std::function<void(Reloader::Done)>;

  Requests(SessionTable& sessions, ChannelRegistry& channels, const AccessControl& access,
           Complaints& complaints, const Quota& quota, const Health& health,
           const config::Config& config, Reload reload);

  /// The configuration has changed.
  void renew() { resolver_ = config::SettingsResolver(config_.defaults); }

  /// Sends the answer through the session's socket, or holds the socket until there is one.
  void handle(Session& session, const control::Request& request);

 private:
  using Result = std::optional<Answer>;  // nothing: it waits, or has no reply

  struct Call {
    Session& session;
    const control::Request& request;
  };

  Result attempt(const Call& call);
  void complain(const Call& call, const Error& error);
  void resume(std::uint64_t session, const control::Request& request, std::exception_ptr failure);

  Result run(const Call& call, const control::Hello& body);
  Result run(const Call& call, const control::Create& body);
  Result run(const Call& call, const control::Open& body);
  Result run(const Call& call, const control::Leave& body);
  Result run(const Call& call, const control::Remove& body);
  Result run(const Call& call, const control::List& body);
  Result run(const Call& call, const control::Show& body);
  Result run(const Call& call, const control::Clients& body);
  Result run(const Call& call, const control::Broker& body);
  Result run(const Call& call, const control::Reload& body);
  Result run(const Call& call, const control::HeldUp& body);

  Result wait(const Call& call, Channel& channel);
  bool take_back_left(const std::shared_ptr<Channel>& channel);
  std::shared_ptr<Channel> existing(const std::string& name) const;
  const config::ConfiguredChannel* configured_as(const std::string& name) const;
  std::shared_ptr<Channel> existing_or_default(const Call& call, const control::Open& body);
  Answer grant(const Call& call, Channel& channel, Place place);
  Error no_place(const Channel& channel, control::Role role) const;
  std::string holders_text(const Channel& channel, std::span<const Place> places) const;

  SessionTable& sessions_;
  ChannelRegistry& channels_;
  const AccessControl& access_;
  Complaints& complaints_;
  const Quota& quota_;
  const Health& health_;
  const config::Config& config_;
  config::SettingsResolver resolver_;
  Reload reload_;
};

}  // namespace busbar::daemon
