#include "daemon/broker.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/rough_size.hpp"
#include "common/base/units.hpp"
#include "common/base/version.hpp"
#include "common/control/codec.hpp"
#include "config/machine_memory.hpp"
#include "daemon/log_fields.hpp"
#include "daemon/random_hex.hpp"
#include "daemon/segment_names.hpp"
#include "daemon/session_fields.hpp"
#include "daemon/torn_memory.hpp"

namespace busbar::daemon {
namespace {

constexpr int kAcceptsAtATime = 16;
// Until a publisher that mends what a fellow has left is asked for again.
constexpr std::chrono::milliseconds kMendingTakes{10};
// Beyond the limit of clients some more may come in, to be told so.
constexpr std::size_t kLobbyRoom = 64;

UniqueFd make_signalfd() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) throw system_error("signalfd", errno);
  return fd;
}

/// Null if there can be none for a socket that was handed over.
std::unique_ptr<SocketLock> take_lock(const Endpoint& endpoint) {
  try {
    return std::make_unique<SocketLock>(endpoint.path);
  } catch (const Error& error) {
    if (!endpoint.handed_over || error.errc() != Errc::system) throw;
    spdlog::warn("{}; without it nothing is left for a next broker", error.what());
    return nullptr;
  }
}

/// The same as the broker before had, if that is certainly dead: who has no lock cannot know, and
/// takes names that nobody else has.
SegmentNames names_of(const std::string& bus, const std::string& socket, const SocketLock* lock) {
  return SegmentNames(bus, socket + " " + (lock == nullptr ? random_hex(16) : lock->identity()));
}

std::unique_ptr<Ledger> open_ledger(const SegmentNames& names, const std::string& socket) {
  try {
    return std::make_unique<Ledger>(names.ledger(), socket);
  } catch (const Error& error) {
    if (error.errc() != Errc::damaged) throw;
    const std::string aside = set_aside(names, names.ledger());
    spdlog::error("{}{}; clients of the broker before are told that their channels are no more",
                  error.what(), aside.empty() ? "" : " (now /dev/shm/" + aside + ")");
  }
  return std::make_unique<Ledger>(names.ledger(), socket);
}

std::string count_text(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string words(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string words(const Peer& peer) {
  return "pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid);
}

}  // namespace

Broker::Broker(config::Config config, Endpoint endpoint, std::vector<NamedDescriptor> stored,
               std::function<config::Config()> load, Patience patience)
    : config_(std::move(config)),
      path_(endpoint.path),
      patience_(patience),
      lock_(take_lock(endpoint)),
      names_(names_of(config_.bus, path_, lock_.get())),
      ledger_(open_ledger(names_, path_)),
      notify_socket_(loop_, notify_address()),
      store_(notify_socket_, std::move(stored)),
      health_(loop_.turns()),
      signals_(make_signalfd()),
      quota_(config::memory_limit(config_.limits)),
      shares_(::geteuid(), config::user_share(config_.limits, quota_.limit())),
      access_(::geteuid(), config_.admin),
      maker_(loop_),
      mender_(loop_),
      channels_(maker_, mender_, quota_, shares_, complaints_, notes_, *ledger_, store_, names_,
                config_.limits.channels, registry_callbacks()),
      unmended_(loop_, [this] { channels_.reclaim_unmended(); }),
      sessions_(shares_, *ledger_),
      reloader_(loop_, maker_, channels_, sessions_, quota_, config_,
                {std::move(load), [this](config::Config next) { apply(std::move(next)); }}),
      requests_(sessions_, channels_, access_, complaints_, quota_, health_, config_,
                [this](Reloader::Done done) { reload(std::move(done)); }),
      greeter_(sessions_, channels_, access_, shares_, config_, ledger_->epoch()),
      deadlines_(loop_, [this](std::uint64_t id) { on_overdue(id); }),
      service_(loop_, notify_socket_,
               {[this] { return status(); }, [this] { return mender_.busy_for(); }}),
      socket_(std::move(endpoint), {config_.socket_mode, config_.socket_group}),
      listener_(loop_, socket_.fd(), [this] { on_acceptable(); }) {
  signal_watch_ = loop_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signal(); });
  if (TornMemory::event_fd() < 0) return;
  torn_watch_ = loop_.watch(TornMemory::event_fd(), EPOLLIN, [this](std::uint32_t) { on_torn(); });
}

ChannelRegistry::Callbacks Broker::registry_callbacks() {
  return {[this](std::uint64_t id, const Holding& holding) { on_released(id, holding); },
          [this] { listener_.resume(); }, [this] { unmended_.once(kMendingTakes); }};
}

Broker::~Broker() {
  // Not all was looked at: it is for the next start, as it is.
  if (!adopted_) return;
  const std::size_t left =
      channels_.leave_behind([this](std::uint64_t id) { return lock_ != nullptr && is_alive(id); });
  if (left == 0) {
    ledger_->unlink();
    if (lock_) lock_->drop();
    return;
  }
  lock_->keep();
  spdlog::info("{} left for the next broker; their members go on", count_text(left, "channel"));
}

/// By now: the loop may not have come to a death yet.
bool Broker::is_alive(std::uint64_t id) const {
  const Session* session = sessions_.find(id);
  if (session == nullptr || session->dead()) return false;
  pollfd pidfd{session->peer().pidfd.get(), POLLIN, 0};
  return pidfd.fd < 0 || ::poll(&pidfd, 1, 0) <= 0;
}

ClientSocket::Callbacks Broker::socket_callbacks(const Session::Bond& id) {
  return {[this, id](control::Received&& received) { on_received(*id, std::move(received)); },
          [this, id] { on_gone(*id); }, [this](const Holding& holding) { on_undelivered(holding); },
          [this, id](ClientSocket::Wait wait) { on_waits(*id, wait); }};
}

void Broker::run() {
  const Adoption::Wanted wanted = configured_channels();
  adopt(wanted);
  create_configured_channels(wanted);
  spdlog::info("busbard {} serves bus {} on {}, {} of shared memory at most", kLibraryVersion,
               busbar::quoted(config_.bus), path_, rough_size_text(quota_.limit()));
  loop_.run();
  if (failure_) std::rethrow_exception(failure_);
}

Adoption::Wanted Broker::configured_channels() const {
  const config::SettingsResolver resolver(config_.defaults);
  Adoption::Wanted wanted;
  for (const config::ConfiguredChannel& configured : config_.channels) {
    wanted.emplace(configured.name, resolver.resolve(configured.name, configured.settings));
  }
  return wanted;
}

void Broker::adopt(const Adoption::Wanted& wanted) {
  Adoption(*ledger_, channels_, sessions_, store_, wanted).run();
  adopted_ = true;
  for (const auto& [id, session] : sessions_.all()) watch_death(*session);
}

void Broker::watch_death(Session& session) {
  const int pidfd = session.peer().pidfd.get();
  if (pidfd < 0) return;
  session.watch_death(
      loop_.watch(pidfd, EPOLLIN, [this, id = session.id()](std::uint32_t) { on_death(id); }));
}

void Broker::create_configured_channels(const Adoption::Wanted& wanted) {
  for (const auto& [name, plan] : wanted) {
    if (channels_.find(name)) continue;
    const auto channel = channels_.create(plan, ::geteuid(), Origin::config);
    channel->add_waiter([this](const std::exception_ptr& failure) { on_configured(failure); });
    ++missing_;
  }
  if (missing_ == 0) service_.ready();
}

void Broker::on_configured(const std::exception_ptr& failure) {
  if (failure) {
    failure_ = failure;
    loop_.stop();
  } else if (--missing_ == 0) {
    service_.ready();
  }
}

std::string Broker::status() const {
  return count_text(channels_.size(), "channel") + ", " + count_text(sessions_.clients(), "client");
}

void Broker::on_signal() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP) {
      reload([](const Reloader::Changes&, const std::exception_ptr&) {});
      continue;
    }
    service_.stopping();
    spdlog::info("stopping; channels: {}, clients: {}", channels_.size(), sessions_.clients());
    loop_.stop();
  }
}

void Broker::on_torn() {
  std::uint64_t ignored = 0;
  [[maybe_unused]] const ssize_t size = ::read(TornMemory::event_fd(), &ignored, sizeof ignored);
  channels_.close_torn();
}

void Broker::reload(Reloader::Done done) {
  service_.reloading();
  reloader_.begin([this, done = std::move(done)](const Reloader::Changes& changes,
                                                 const std::exception_ptr& failure) {
    if (failure) {
      spdlog::error("not reloaded, the configuration in force stays: {}", words(failure));
    } else {
      spdlog::info("reloaded{}", changes.empty() ? "; nothing has changed" : "");
      for (const std::string& change : changes) spdlog::info("  {}", change);
    }
    if (missing_ == 0) service_.ready();
    done(changes, failure);
  });
}

void Broker::apply(config::Config config) {
  config_ = std::move(config);
  spdlog::set_level(spdlog::level::from_str(config_.log_level));
  quota_.set_limit(config::memory_limit(config_.limits));
  greeter_.renew();
  shares_.set_most(config::user_share(config_.limits, quota_.limit()));
  access_.set_admin(config_.admin);
  channels_.set_limit(config_.limits.channels);
  requests_.renew();
  listener_.resume();
}

void Broker::on_acceptable() {
  for (int i = 0; i < kAcceptsAtATime; ++i) {
    if (sessions_.all().size() >= most_clients() + 2 * kLobbyRoom) return listener_.pause();
    if (!accept_one()) return;
  }
}

bool Broker::accept_one() {
  try {
    auto arrival = listener_.accept();
    if (arrival) admit(std::move(*arrival));
    return arrival.has_value();
  } catch (const Error& error) {
    complaints_.about(::geteuid(), std::string("a client could not be let in: ") + error.what());
    return false;
  }
}

/// The last places in front of the door are the operator's: strangers who say nothing must not keep
/// him out.
bool Broker::crowded(const Peer& peer) const {
  return !access_.is_admin(peer) && sessions_.all().size() >= most_clients() + kLobbyRoom;
}

/// With a limit that was lowered there are more, and those of the broker before have to come in
/// again.
std::size_t Broker::most_clients() const {
  return std::max<std::size_t>(config_.limits.clients, sessions_.clients());
}

void Broker::admit(Arrival arrival) {
  if (arrival.peer.dead) return;
  if (crowded(arrival.peer)) {
    return complaints_.about(arrival.peer.uid, "client (" + words(arrival.peer) +
                                                   ") dropped: more connections than clients are "
                                                   "allowed; see limits.clients");
  }
  if (shares_.crowds(arrival.peer.uid)) {
    return complaints_.about(arrival.peer.uid, "client (" + words(arrival.peer) +
                                                   ") dropped: too many connections of one user; "
                                                   "see limits.per_user.clients");
  }
  Session& session = sessions_.add(std::move(arrival.peer));
  const std::uint64_t id = session.id();
  try {
    const auto bond = std::make_shared<std::uint64_t>(id);
    session.connect(
        std::make_unique<ClientSocket>(loop_, std::move(arrival.socket), socket_callbacks(bond)),
        bond);
    watch_death(session);
    deadlines_.set(id, patience_.hello);
  } catch (const Error&) {
    sessions_.erase(id);
    throw;
  }
}

void Broker::on_received(std::uint64_t id, control::Received&& received) {
  Session& session = *sessions_.find(id);
  const LogFields fields = about(session);
  std::uint64_t request_id = 0;
  try {
    if (received.kind == control::Received::Kind::too_long) {
      throw Error(Errc::protocol,
                  "a packet longer than " + std::to_string(control::kLargestPacket) + " bytes");
    }
    on_request(session, control::decode_request(received.packet, request_id));
  } catch (const Error& error) {
    // None if it has come back as the one that it was.
    if (Session* still = sessions_.find(id)) {
      refuse(*still, request_id, error.what(), error.code().value());
    }
  }
}

void Broker::on_request(Session& session, const control::Request& request) {
  const bool hello = std::holds_alternative<control::Hello>(request.body);
  if (hello == session.welcomed()) {
    throw Error(Errc::protocol, hello ? "a second \"hello\" on one connection"
                                      : "the first request has to be \"hello\"");
  }
  service_.changed();
  if (hello) return on_hello(session, request);
  requests_.handle(session, request);
}

void Broker::on_hello(Session& session, const control::Request& request) {
  const auto& hello = std::get<control::Hello>(request.body);
  greeter_.check(session.peer(), hello);
  if (Session* before = greeter_.returning(session.peer(), hello)) {
    return come_back(*before, session, request);
  }
  join(session, request);
}

/// `by` is no more after this.
void Broker::come_back(Session& session, Session& by, const control::Request& request) {
  const auto& hello = std::get<control::Hello>(request.body);
  deadlines_.clear(by.id());
  // Its end has not been read yet.
  deadlines_.clear(session.id());
  session.disconnect();
  sessions_.come_back(session, by, hello);
  watch_death(session);
  reclaim_left(session);
  reclaim_undelivered(session, hello.last_grant);
  const LogFields name{{"BUSBAR_CLIENT", session.name()}};
  spdlog::debug("client {} is back: {} (uid {}), places: {}", session.id(), session.words(),
                session.peer().uid, session.holdings().size());
  control::Welcome welcome = greeter_.welcome(session);
  welcome.resumed = true;
  session.socket()->send(make_answer({request.id, welcome}));
}

/// Grants that were noted and whose answer the client never got.
void Broker::reclaim_undelivered(const Session& session, std::uint64_t last_grant) {
  for (const Holding& holding : session.holdings()) {
    const auto channel = channels_.find(holding.channel_id);
    if (channel && channel->last_grant(holding.place) > last_grant) {
      channels_.reclaim(channel, {&holding.place, 1});
    }
  }
}

void Broker::join(Session& session, const control::Request& request) {
  const control::Welcome welcome = greeter_.greet(session, std::get<control::Hello>(request.body));
  deadlines_.clear(session.id());
  const LogFields name{{"BUSBAR_CLIENT", session.name()}};
  spdlog::debug("client {} joined: {} (uid {})", session.id(), session.words(), session.peer().uid);
  if (!session.peer().pidfd) {
    spdlog::warn(
        "client {}: no pidfd, so its death cannot be seen: what it holds when its "
        "connection ends stays held until it is given back",
        session.words());
  }
  session.socket()->send(make_answer({request.id, welcome}));
}

void Broker::refuse(Session& session, std::uint64_t request, const std::string& why, int code) {
  complaints_.about(session.peer().uid, "client " + session.words() + " (uid " +
                                            std::to_string(session.peer().uid) +
                                            ") dropped: " + why);
  session.socket()->send(make_failure(request, code, why));
  disconnect(session);
}

void Broker::on_gone(std::uint64_t id) {
  Session& session = *sessions_.find(id);
  const LogFields fields = about(session);
  spdlog::debug("client {} disconnected", session.words());
  disconnect(session);
}

void Broker::on_waits(std::uint64_t id, ClientSocket::Wait wait) {
  using enum ClientSocket::Wait;
  if (wait == none) return deadlines_.clear(id);
  deadlines_.set(id, wait == room ? patience_.room : patience_.reading);
}

void Broker::on_overdue(std::uint64_t id) {
  Session& session = *sessions_.find(id);
  const LogFields fields = about(session);
  complaints_.about(session.peer().uid, overdue_words(session));
  disconnect(session);
}

std::string Broker::overdue_words(Session& session) const {
  if (!session.welcomed()) {
    return "client (" + words(session.peer()) + ") dropped: no hello within " +
           duration_text(patience_.hello);
  }
  const bool room = session.socket()->waits_for() == ClientSocket::Wait::room;
  return "client " + session.words() + " (uid " + std::to_string(session.peer().uid) +
         ") dropped: it has not read an answer within " +
         duration_text(room ? patience_.room : patience_.reading) +
         "; what it holds stays its own until it ends";
}

void Broker::disconnect(Session& session) {
  deadlines_.clear(session.id());
  session.disconnect();
  reclaim_left(session);
  end_if_done(session);
}

void Broker::on_death(std::uint64_t id) {
  Session& session = *sessions_.find(id);
  const LogFields fields = about(session);
  if (!session.holdings().empty()) {
    notes_.about(session.peer().uid, "client " + session.words() +
                                         " has ended without leaving; places taken back: " +
                                         std::to_string(session.holdings().size()));
  }
  deadlines_.clear(id);
  session.set_dead();
  reclaim_all(session);
  end_if_done(session);
}

void Broker::reclaim_left(const Session& session) {
  for (const Holding& holding : session.holdings()) {
    const auto channel = channels_.find(holding.channel_id);
    if (channel && channel->left(holding.place)) channels_.reclaim(channel, {&holding.place, 1});
  }
}

void Broker::reclaim_all(const Session& session) {
  for (const Holding& holding : session.holdings()) {
    if (const auto channel = channels_.find(holding.channel_id)) {
      channels_.reclaim(channel, {&holding.place, 1});
    }
  }
}

void Broker::on_undelivered(const Holding& holding) {
  if (const auto channel = channels_.find(holding.channel_id)) {
    channels_.reclaim(channel, {&holding.place, 1});
  }
}

void Broker::on_released(std::uint64_t id, const Holding& holding) {
  Session* session = sessions_.find(id);
  if (session == nullptr) return;
  session->holdings().erase(holding);
  end_if_done(*session);
}

void Broker::end_if_done(const Session& session) {
  if (session.connected() || !session.holdings().empty()) return;
  sessions_.erase(session.id());
  listener_.resume();
  service_.changed();
}

}  // namespace busbar::daemon
