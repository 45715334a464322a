#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "config/config.hpp"
#include "daemon/access_control.hpp"
#include "daemon/adoption.hpp"
#include "daemon/arrival.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/complaints.hpp"
#include "daemon/control_socket.hpp"
#include "daemon/deadlines.hpp"
#include "daemon/descriptor_store.hpp"
#include "daemon/endpoint.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/greeter.hpp"
#include "daemon/health.hpp"
#include "daemon/housekeeper.hpp"
#include "daemon/ledger/ledger.hpp"
#include "daemon/listener.hpp"
#include "daemon/named_descriptor.hpp"
#include "daemon/notify_socket.hpp"
#include "daemon/patience.hpp"
#include "daemon/quota.hpp"
#include "daemon/reloader.hpp"
#include "daemon/requests.hpp"
#include "daemon/service_manager.hpp"
#include "daemon/session_table.hpp"
#include "daemon/socket_lock.hpp"
#include "daemon/user_shares.hpp"

namespace busbar::daemon {

/// The broker: clients come, ask, and end. Takes over what the broker before has left of channels
/// and clients. Holds the control socket from construction to destruction; destruction removes the
/// socket, unless it was handed over, and every channel without members; those with members stay
/// for the next broker.
/// One thread, the one that constructs it; SIGTERM, SIGINT and SIGHUP must be blocked.
class Broker {
 public:
  /// Throws Errc::in_use (another broker), invalid_argument, system.
  /// `stored`: the descriptors that were handed over. `load` reads the configuration anew, on
  /// another thread.
  Broker(config::Config config, Endpoint endpoint, std::vector<NamedDescriptor> stored,
         std::function<config::Config()> load, Patience patience = {});
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// Until SIGTERM or SIGINT. Throws if a configured channel cannot be created.
  void run();

 private:
  ChannelRegistry::Callbacks registry_callbacks();
  ClientSocket::Callbacks socket_callbacks(const Session::Bond& session);
  Adoption::Wanted configured_channels() const;
  void adopt(const Adoption::Wanted& wanted);
  void watch_death(Session& session);
  void create_configured_channels(const Adoption::Wanted& wanted);
  void on_configured(const std::exception_ptr& failure);
  std::string status() const;

  void on_signal();
  void on_torn();
  bool is_alive(std::uint64_t session) const;
  void reload(Reloader::Done done);
  void apply(config::Config config);
  void on_acceptable();
  bool accept_one();
  bool crowded(const Peer& peer) const;
  std::size_t most_clients() const;
  void admit(Arrival arrival);
  void on_received(std::uint64_t id, control::Received&& received);
  void on_request(Session& session, const control::Request& request);
  void on_hello(Session& session, const control::Request& request);
  void join(Session& session, const control::Request& request);
  void come_back(Session& session, Session& by, const control::Request& request);
  void on_gone(std::uint64_t id);
  void on_death(std::uint64_t id);
  void on_waits(std::uint64_t id, ClientSocket::Wait wait);
  void on_overdue(std::uint64_t id);
  void on_released(std::uint64_t id, const Holding& holding);
  void on_undelivered(const Holding& holding);

  std::string overdue_words(Session& session) const;
  void refuse(Session& session, std::uint64_t request, const std::string& why, int code);
  void disconnect(Session& session);
  void reclaim_left(const Session& session);
  void reclaim_undelivered(const Session& session, std::uint64_t last_grant);
  void reclaim_all(const Session& session);
  void end_if_done(const Session& session);

  config::Config config_;
  std::string path_;
  Patience patience_;
  std::unique_ptr<SocketLock> lock_;  // null: it cannot be had, and the socket was handed over
  SegmentNames names_;
  std::unique_ptr<Ledger> ledger_;
  EventLoop loop_;
  NotifySocket notify_socket_;
  DescriptorStore store_;
  Health health_;
  UniqueFd signals_;
  Quota quota_;
  UserShares shares_;
  AccessControl access_;
  Complaints complaints_;
  Complaints notes_{spdlog::level::info};  // of what users do that is no fault
  Housekeeper maker_;                      // of memory: large channels take seconds
  Housekeeper mender_;                     // of what the dead leave: others wait for it
  ChannelRegistry channels_;
  Timer unmended_;
  SessionTable sessions_;
  Reloader reloader_;
  Requests requests_;
  Greeter greeter_;
  Deadlines deadlines_;
  ServiceManager service_;
  ControlSocket socket_;
  Listener listener_;
  Watch signal_watch_;
  Watch torn_watch_;
  bool adopted_ = false;
  std::size_t missing_ = 0;  // configured channels that are not there yet
  std::exception_ptr failure_;
};

}  // namespace busbar::daemon
