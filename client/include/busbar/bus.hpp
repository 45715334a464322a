#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "busbar/error.hpp"
#include "busbar/info.hpp"
#include "busbar/options.hpp"
#include "busbar/publisher.hpp"
#include "busbar/subscriber.hpp"

namespace busbar {

class Connection;

/// A registration with the broker, and the way to channels.
///
/// Thread safety: every member may be called from many threads at once; calls that need the broker
/// take turns. Lifetime: publishers, subscribers, messages and claims that came from a Bus may
/// outlive it; the registration ends with the last of them.
/// When the broker goes: it is never on the data path, so publishers and subscribers go on. The
/// calls below wait for the next broker on the same socket, at most ConnectOptions::timeout, then
/// throw Errc::no_broker; the registration goes on there with the places that it holds, whoever
/// asks or waits first brings it back. What the next broker does not know any more (its own memory
/// was lost, the channel was removed) says Outcome::closed and can be opened anew. A call that was
/// under way is carried out once, or twice where that makes no difference. After fork the child's
/// copy is dead: calls throw Errc::forked, destruction only closes.
class BUSBAR_EXPORT Bus {
 public:
  /// Registers with the broker. Blocks at most options.timeout; if there is none, fails at once
  /// unless options.wait_for_broker.
  /// Throws Errc::no_broker (the text names every socket that was tried), refused, version,
  /// protocol, limit, timed_out, system; invalid_argument for a $BUSBAR_WAIT that is no policy.
  static Bus connect(const ConnectOptions& options = {});

  /// Where connect() looks for the broker if its options say `wanted`: in this order. For messages
  /// and diagnosis.
  static std::vector<std::string> sockets(const std::string& wanted = {});

  Bus(Bus&&) noexcept;
  Bus& operator=(Bus&&) noexcept;
  ~Bus();

  /// Takes a publisher's place on a channel, which is created with the broker's defaults if it
  /// does not exist and the broker allows that. Blocks at most the connect timeout.
  /// Throws Errc::in_use or limit (all places taken; the text names the holders), refused,
  /// no_such_channel, invalid_name, version, timed_out, no_broker.
  Publisher publisher(std::string_view channel, const PublisherOptions& options = {});

  /// Takes a seat on a channel, created likewise. When it returns the seat counts: every message
  /// claimed from then on will be seen. Blocks and throws as publisher() does.
  Subscriber subscriber(std::string_view channel, const SubscriberOptions& options = {});

  /// Creates a channel and returns what it became. If it exists with the same settings nothing
  /// happens; with others, throws Errc::channel_exists. Also throws limit, invalid_argument (each
  /// with the limit and the remedy).
  ChannelInfo create(std::string_view channel, const ChannelOptions& options = {});

  /// Removes a channel. With members it is refused (Errc::in_use, naming them) unless `force`:
  /// then they meet Outcome::closed, subscribers after what was already committed.
  void remove(std::string_view channel, bool force = false);

  /// All channels that the caller may use, by name.
  std::vector<ChannelInfo> channels();
  /// One channel with its members. Throws Errc::no_such_channel.
  ChannelDetails channel(std::string_view name);
  /// All clients.
  std::vector<ClientInfo> clients();

  /// Has the broker read its configuration file anew; returns what has changed, in words, a line
  /// each. All of it or nothing: throws Errc::invalid_argument or in_use with what stands against
  /// it, and the configuration in force stays. Errc::refused for who is no admin.
  std::vector<std::string> reload();
  /// The broker, its limits and what is used of them.
  BrokerInfo broker();

  /// The socket that this Bus is connected to, and comes back to: never another one, which would be
  /// another bus.
  const std::string& socket() const;

 private:
  explicit Bus(std::shared_ptr<Connection> connection) noexcept;
  Connection& connection() const;

  std::shared_ptr<Connection> connection_;
};

}  // namespace busbar
