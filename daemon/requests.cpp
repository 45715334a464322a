#include "daemon/requests.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/version.hpp"
#include "daemon/held_up.hpp"
#include "daemon/reports.hpp"
#include "daemon/session_fields.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kMostNamed = 8;

template <class Body>
Answer reply(const control::Request& request, Body body) {
  return make_answer({request.id, std::move(body)});
}

Answer failure(std::uint64_t id, const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return make_failure(id, error.code().value(), error.what());
  } catch (const std::exception& error) {
    return make_failure(id, static_cast<int>(Errc::system), error.what());
  }
}

/// As many as surely fit into a packet; the log has them all.
std::vector<std::string> short_list(const Reloader::Changes& changes) {
  constexpr std::size_t kRoom = control::kLargestPacket / 4;  // escapes may double it
  std::vector<std::string> list;
  std::size_t bytes = 0;
  for (const std::string& change : changes) {
    bytes += change.size() + 4;
    if (bytes > kRoom) {
      list.push_back("and " + std::to_string(changes.size() - list.size()) +
                     " more, which the broker's log has");
      break;
    }
    list.push_back(change);
  }
  return list;
}

const char* role_text(control::Role role) {
  return role == control::Role::publisher ? "publisher" : "subscriber";
}

/// The channel that a request names; empty: none.
std::string channel_in(const control::RequestBody& body) {
  return std::visit(
      [](const auto& request) {
        if constexpr (requires { request.channel; }) {
          return request.channel;
        } else {
          return std::string();
        }
      },
      body);
}

void require_served(const Channel& channel) {
  if (!channel.foreign()) return;
  throw Error(Errc::version,
              "channel " + busbar::quoted(channel.name()) + " has layout " +
                  std::to_string(channel.foreign()->layout()) +
                  ", which this broker does not serve; its members go on, and it is made anew when "
                  "the last one has left (or is removed: busbar rm --force)");
}

}  // namespace

Requests::Requests(SessionTable& sessions, ChannelRegistry& channels, const AccessControl& access,
                   Complaints& complaints, const Quota& quota, const Health& health,
                   const config::Config& config, Reload reload)
    : sessions_(sessions),
      channels_(channels),
      access_(access),
      complaints_(complaints),
      quota_(quota),
      health_(health),
      config_(config),
      resolver_(config.defaults),
      reload_(std::move(reload)) {}

void Requests::handle(Session& session, const control::Request& request) {
  const bool has_reply = !std::holds_alternative<control::Leave>(request.body) &&
                         !std::holds_alternative<control::HeldUp>(request.body);
  Result result = attempt({session, request});
  if (!session.connected() || !has_reply) return;
  if (result) {
    session.socket()->send(std::move(*result));
  } else {
    session.socket()->hold();
  }
}

Requests::Result Requests::attempt(const Call& call) {
  try {
    return std::visit([&](const auto& body) { return run(call, body); }, call.request.body);
  } catch (const Error& error) {
    complain(call, error);
    return failure(call.request.id, std::current_exception());
  } catch (const std::exception&) {
    return failure(call.request.id, std::current_exception());
  }
}

/// What an operator wants to know without being asked: who wanted what he may not have.
void Requests::complain(const Call& call, const Error& error) {
  if (error.errc() != Errc::refused && error.errc() != Errc::limit) return;
  const Session& session = call.session;
  const LogFields fields{{"BUSBAR_CHANNEL", channel_in(call.request.body)}};
  complaints_.about(session.peer().uid, "client " + session.words() + " (uid " +
                                            std::to_string(session.peer().uid) +
                                            ") refused: " + error.what());
}

void Requests::resume(std::uint64_t id, const control::Request& request,
                      std::exception_ptr failed) {
  Session* session = sessions_.find(id);
  if (session == nullptr || !session->connected()) return;
  const LogFields fields = about(*session);
  if (failed) {
    session->socket()->send(failure(request.id, failed));
  } else {
    handle(*session, request);
  }
}

Requests::Result Requests::wait(const Call& call, Channel& channel) {
  channel.add_waiter([this, id = call.session.id(), request = call.request](
                         std::exception_ptr failed) { resume(id, request, std::move(failed)); });
  return std::nullopt;
}

Requests::Result Requests::run(const Call&, const control::Hello&) {
  throw Error(Errc::protocol, "a second \"hello\" on one connection");
}

Requests::Result Requests::run(const Call& call, const control::Create& body) {
  access_.require_admin(call.session.peer(), "create channels");
  const config::ChannelPlan wanted = resolver_.resolve(body.channel, body.settings);
  auto channel = channels_.find(body.channel);
  if (!channel) channel = channels_.create(wanted, call.session.peer().uid, Origin::request);
  require_served(*channel);
  if (!channel->memory()) return wait(call, *channel);
  const std::string other = config::difference(channel->plan(), wanted);
  if (other.empty()) {
    return reply(call.request, control::Created{channel_report(*channel, sessions_)});
  }
  throw Error(Errc::channel_exists, "channel " + busbar::quoted(body.channel) +
                                        " exists with other settings: " + other +
                                        "; remove it first or ask for the same");
}

Requests::Result Requests::run(const Call& call, const control::Open& body) {
  const auto channel = existing_or_default(call, body);
  access_.require(call.session.peer(), body.role, channel->plan());
  require_served(*channel);
  if (channel->busy()) return wait(call, *channel);
  const auto place = channel->free_place(body.role);
  if (place) return grant(call, *channel, *place);
  if (take_back_left(channel)) return wait(call, *channel);
  throw no_place(*channel, body.role);
}

Requests::Result Requests::run(const Call& call, const control::Leave& body) {
  const Holding holding{body.channel_id, {body.role, body.index}};
  const auto channel = channels_.find(body.channel_id);
  if (channel && call.session.holdings().contains(holding) &&
      channel->last_grant(holding.place) == body.grant) {
    channels_.reclaim(channel, std::span(&holding.place, 1));
  }
  return std::nullopt;
}

Requests::Result Requests::run(const Call& call, const control::Remove& body) {
  access_.require_admin(call.session.peer(), "remove channels");
  const auto channel = existing(body.channel);
  if (channel->busy() || take_back_left(channel)) return wait(call, *channel);
  if (channel->has_members() && !body.force) {
    throw Error(Errc::in_use, "channel " + busbar::quoted(body.channel) + " has members: " +
                                  holders_text(*channel, channel->held_places()) +
                                  "; stop them or remove it by force (--force)");
  }
  channels_.remove(channel);
  return reply(call.request, control::Done{});
}

Requests::Result Requests::run(const Call& call, const control::List& body) {
  return reply(call.request,
               channel_page(channels_, sessions_, body.after, [&](const Channel& channel) {
                 return access_.may_see(call.session.peer(), channel.plan());
               }));
}

Requests::Result Requests::run(const Call& call, const control::Show& body) {
  const auto channel = existing(body.channel);
  access_.require_sight(call.session.peer(), channel->plan());
  require_served(*channel);
  if (!channel->memory()) return wait(call, *channel);
  return reply(call.request, members_page(*channel, sessions_, body.from));
}

Requests::Result Requests::run(const Call& call, const control::Clients& body) {
  access_.require_admin(call.session.peer(), "list clients");
  return reply(call.request, client_page(sessions_, body.after));
}

Requests::Result Requests::run(const Call& call, const control::Broker&) {
  control::BrokerReport report;
  report.version = kLibraryVersion;
  report.bus = config_.bus;
  report.pid = ::getpid();
  report.memory = quota_.used();
  report.memory_limit = quota_.limit();
  report.clients = sessions_.clients();
  report.clients_limit = config_.limits.clients;
  report.channels = channels_.size();
  report.channels_limit = channels_.limit();
  health_.tell(report);
  return reply(call.request, std::move(report));
}

Requests::Result Requests::run(const Call& call, const control::Reload&) {
  access_.require_admin(call.session.peer(), "reload the configuration");
  // It may fail before it returns: then the answer is this one's, and nothing waits.
  struct Waiting {
    bool already = false;
    Result answer;
  };
  const auto waiting = std::make_shared<Waiting>();
  reload_([this, waiting, session_id = call.session.id(), id = call.request.id](
              const Reloader::Changes& changes, std::exception_ptr failed) {
    Answer answer =
        failed ? failure(id, failed) : make_answer({id, control::Reloaded{short_list(changes)}});
    if (!waiting->already) {
      waiting->answer = std::move(answer);
      return;
    }
    Session* session = sessions_.find(session_id);
    if (session != nullptr && session->connected()) session->socket()->send(std::move(answer));
  });
  waiting->already = true;
  return std::move(waiting->answer);
}

Requests::Result Requests::run(const Call& call, const control::HeldUp& body) {
  const Holding holding{body.channel_id, {body.role, body.index}};
  const auto channel = channels_.find(body.channel_id);
  if (!channel || !call.session.holdings().contains(holding) ||
      channel->last_grant(holding.place) != body.grant) {
    return std::nullopt;
  }
  const Place by{body.by_role, body.by_index};
  const Session* holder = sessions_.find(channel->holder(by));
  if (holder == nullptr || holder->dead() || !channel->memory()) return std::nullopt;
  const std::string words = held_up_text(*channel, call.session, *holder, by);
  if (!words.empty()) {
    const LogFields fields{{"BUSBAR_CHANNEL", channel->name()}};
    complaints_.about(call.session.peer().uid, words);
  } else {
    spdlog::debug("channel {}: client {} waits for {}", busbar::quoted(channel->name()),
                  call.session.words(), holder->words());
  }
  return std::nullopt;
}

bool Requests::take_back_left(const std::shared_ptr<Channel>& channel) {
  channels_.reclaim(channel, channel->left_places());
  return channel->busy();
}

std::shared_ptr<Channel> Requests::existing(const std::string& name) const {
  require_channel_name(name);
  if (auto channel = channels_.find(name)) return channel;
  throw Error(Errc::no_such_channel,
              "no channel " + busbar::quoted(name) + "; `busbar ls` lists those that there are");
}

const config::ConfiguredChannel* Requests::configured_as(const std::string& name) const {
  const auto at = std::find_if(config_.channels.begin(), config_.channels.end(),
                               [&](const auto& channel) { return channel.name == name; });
  return at == config_.channels.end() ? nullptr : &*at;
}

std::shared_ptr<Channel> Requests::existing_or_default(const Call& call,
                                                       const control::Open& body) {
  require_channel_name(body.channel);
  if (auto channel = channels_.find(body.channel)) return channel;
  if (const auto* configured = configured_as(body.channel)) {
    // Removed by force or damaged: it comes back as it was configured, and as nothing else.
    config::ChannelPlan plan = resolver_.resolve(body.channel, configured->settings);
    access_.require(call.session.peer(), body.role, plan);
    return channels_.create(std::move(plan), ::geteuid(), Origin::config);
  }
  if (config_.dynamic_channels) {
    config::ChannelPlan plan = resolver_.resolve(body.channel, {});
    access_.require(call.session.peer(), body.role, plan);
    return channels_.create(std::move(plan), call.session.peer().uid, Origin::defaults);
  }
  throw Error(Errc::no_such_channel,
              "no channel " + busbar::quoted(body.channel) +
                  ", and this broker creates none by itself; create it first or set "
                  "\"dynamic_channels\"");
}

Answer Requests::grant(const Call& call, Channel& channel, Place place) {
  const Holding holding{channel.id(), place};
  sessions_.note_down(call.session);
  const std::uint64_t number = channels_.grant(channel, place, call.session.member());
  Answer answer = reply(call.request, control::Opened{channel.id(), place.index, number});
  answer.grant = {holding, channel.memory()};
  call.session.holdings().insert(holding);
  return answer;
}

Error Requests::no_place(const Channel& channel, control::Role role) const {
  std::vector<Place> held = channel.held_places();
  std::erase_if(held, [role](Place place) { return place.role != role; });
  const std::string what = role_text(role);
  const std::string remedy =
      "; remove the channel and create it with a larger max_" + what + "s, or stop ";
  const std::string start = "channel " + busbar::quoted(channel.name()) + " admits ";
  if (held.size() == 1) {
    return Error(Errc::in_use, start + "1 " + what + " and " + holders_text(channel, held) +
                                   " is it" + remedy + "that one");
  }
  return Error(Errc::limit, start + std::to_string(held.size()) + " " + what +
                                "s and all places are taken" + remedy + "one of " +
                                holders_text(channel, held));
}

std::string Requests::holders_text(const Channel& channel, std::span<const Place> places) const {
  std::string text;
  for (const Place place : places.first(std::min(places.size(), kMostNamed))) {
    const Session* session = sessions_.find(channel.holder(place));
    if (!text.empty()) text += ", ";
    text += session == nullptr ? "unknown" : session->words();
  }
  if (places.size() > kMostNamed) {
    text += " and " + std::to_string(places.size() - kMostNamed) + " more";
  }
  return text;
}

}  // namespace busbar::daemon
