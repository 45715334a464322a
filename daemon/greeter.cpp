#include "daemon/greeter.hpp"

#include <algorithm>
#include <string_view>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/version.hpp"
#include "common/ring/layout_range.hpp"
#include "config/overflow_id.hpp"
#include "daemon/random_hex.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kLongestName = 128;
constexpr std::size_t kLongestVersion = 64;
constexpr std::size_t kSecretBytes = 16;
// Beyond the limit, so that who has to look into it or to reload can come in.
constexpr std::uint32_t kOperatorRoom = 8;

std::string range_text(std::uint32_t from, std::uint32_t to) {
  return std::to_string(from) + " to " + std::to_string(to);
}

void check_versions(const control::Hello& hello) {
  const std::string client = "the client (library " + busbar::quoted(hello.library) + ") speaks ";
  const std::string broker = ", this broker (busbard " + std::string(kLibraryVersion) + ") ";
  if (hello.protocol != kControlProtocol) {
    throw Error(Errc::version, client + "control protocol " + std::to_string(hello.protocol) +
                                   broker + std::to_string(kControlProtocol) +
                                   "; upgrade the older of the two");
  }
  const ring::LayoutRange range = ring::served_layouts();
  if (hello.layout_to < range.oldest || hello.layout_from > range.newest) {
    throw Error(Errc::version,
                client + "layouts " + range_text(hello.layout_from, hello.layout_to) + broker +
                    range_text(range.oldest, range.newest) + "; upgrade the older of the two");
  }
}

/// Control characters would grow sixfold as JSON, and a page of clients has to fit into a packet.
void check_text(const char* what, std::string_view text, std::size_t longest) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text.size() <= longest && std::none_of(text.begin(), text.end(), is_control)) return;
  throw Error(Errc::invalid_name, std::string(what) + " " + busbar::quoted(text) + " (" +
                                      std::to_string(text.size()) + " bytes) is invalid: at most " +
                                      std::to_string(longest) +
                                      " bytes without control characters");
}

}  // namespace

void Greeter::renew() {
  const auto add = [this](const std::optional<control::Access>& given,
                          const std::optional<control::Access>& fallback) {
    configured_.add(given ? *given : fallback.value_or(control::Access()));
  };
  const control::ChannelSettings& defaults = config_.defaults;
  configured_ = AccessIndex();
  for (const auto& channel : config_.channels) {
    add(channel.settings.publish, defaults.publish);
    add(channel.settings.subscribe, defaults.subscribe);
  }
  if (!config_.dynamic_channels) return;
  add(defaults.publish, {});
  add(defaults.subscribe, {});
}

/// Whether there is anything here for this user.
bool Greeter::may_join(const Peer& peer) const {
  if (access_.is_admin(peer)) return true;
  return configured_.admits(peer) || channels_.admitted().admits(peer);
}

void Greeter::check_user(const Peer& peer) const {
  if (may_join(peer)) return;
  const bool unknown = peer.uid == config::overflow_user();
  throw Error(Errc::refused,
              "uid " + std::to_string(peer.uid) + " may not join this bus: " +
                  (unknown ? "that is how users look whom this machine does not know (another user "
                             "namespace); map the user"
                           : "no \"publish\", \"subscribe\" or \"admin\" list names it or one of "
                             "its groups"));
}

void Greeter::check(const Peer& peer, const control::Hello& hello) const {
  check_user(peer);
  check_versions(hello);
  check_text("client name", hello.name, kLongestName);
  check_text("library version", hello.library, kLongestVersion);
}

Session* Greeter::returning(const Peer& peer, const control::Hello& hello) const {
  Session* session = hello.session == 0 ? nullptr : sessions_.find(hello.session);
  if (session == nullptr || !session->welcomed() || session->dead() || session->secret().empty() ||
      session->secret() != hello.secret || session->peer().uid != peer.uid) {
    return nullptr;
  }
  // A child that has inherited the secret is somebody else: its parent's places are not its own.
  const bool same_process = session->peer().pid == peer.pid || session->peer().pid == 0;
  return same_process ? session : nullptr;
}

control::Welcome Greeter::greet(Session& session, const control::Hello& hello) {
  shares_.check_clients(session.peer().uid);
  const std::uint32_t more = access_.is_admin(session.peer()) ? kOperatorRoom : 0;
  if (sessions_.clients() >= config_.limits.clients + more) {
    throw Error(Errc::limit, "the limit of " + std::to_string(config_.limits.clients) +
                                 " clients is reached; stop some or raise limits.clients");
  }
  sessions_.welcome(session, hello, random_hex(kSecretBytes));
  return welcome(session);
}

control::Welcome Greeter::welcome(Session& session) const {
  // As many as surely fit into a packet; of the others he learns that their broker is gone when the
  // names are somebody else's.
  constexpr std::size_t kMostLost = 2500;
  control::Welcome welcome;
  welcome.protocol = kControlProtocol;
  welcome.broker = kLibraryVersion;
  welcome.bus = config_.bus;
  welcome.session = session.id();
  welcome.secret = session.secret();
  welcome.epoch = epoch_;
  welcome.lost = session.lost();
  if (welcome.lost.size() > kMostLost) welcome.lost.resize(kMostLost);
  return welcome;
}

}  // namespace busbar::daemon
