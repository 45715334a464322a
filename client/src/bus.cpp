#include "busbar/bus.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "busbar/version.hpp"
#include "client/src/connection.hpp"
#include "client/src/publisher_core.hpp"
#include "client/src/reports.hpp"
#include "client/src/socket_search.hpp"
#include "client/src/subscriber_core.hpp"
#include "common/base/names.hpp"

namespace busbar {

const char* library_version() noexcept {
  return kLibraryVersion;
}

std::vector<std::string> Bus::sockets(const std::string& wanted) {
  return socket_candidates(wanted);
}

Bus Bus::connect(const ConnectOptions& options) {
  return Bus(std::make_shared<Connection>(options));
}

Bus::Bus(std::shared_ptr<Connection> connection) noexcept : connection_(std::move(connection)) {}
Bus::Bus(Bus&&) noexcept = default;
Bus& Bus::operator=(Bus&&) noexcept = default;
Bus::~Bus() = default;

Connection& Bus::connection() const {
  if (connection_ == nullptr) throw Error(Errc::misuse, "this Bus has been moved from");
  return *connection_;
}

Publisher Bus::publisher(std::string_view channel, const PublisherOptions& options) {
  connection();
  return Publisher(new PublisherCore(connection_, std::string(channel), options));
}

Subscriber Bus::subscriber(std::string_view channel, const SubscriberOptions& options) {
  connection();
  return Subscriber(new SubscriberCore(connection_, std::string(channel), options));
}

ChannelInfo Bus::create(std::string_view channel, const ChannelOptions& options) {
  require_channel_name(channel);
  return info_of(
      connection()
          .ask_for<control::Created>(control::Create{std::string(channel), settings_of(options)})
          .channel);
}

void Bus::remove(std::string_view channel, bool force) {
  require_channel_name(channel);
  connection().ask_for<control::Done>(control::Remove{std::string(channel), force});
}

std::vector<ChannelInfo> Bus::channels() {
  std::vector<ChannelInfo> all;
  control::ChannelList page;
  do {
    page = connection().ask_for<control::ChannelList>(control::List{page.next});
    for (const auto& report : page.channels) all.push_back(info_of(report));
  } while (page.more && !page.next.empty());
  return all;
}

ChannelDetails Bus::channel(std::string_view name) {
  require_channel_name(name);
  auto shown = connection().ask_for<control::ChannelShown>(control::Show{std::string(name), 0});
  for (std::uint32_t next = shown.next; next != 0;) {
    auto page = connection().ask_for<control::ChannelShown>(control::Show{std::string(name), next});
    std::ranges::move(page.publishers, std::back_inserter(shown.publishers));
    std::ranges::move(page.subscribers, std::back_inserter(shown.subscribers));
    // A page that does not lead on would be asked for for ever.
    next = page.next > next ? page.next : 0;
  }
  return details_of(shown);
}

std::vector<ClientInfo> Bus::clients() {
  std::vector<ClientInfo> all;
  control::ClientList page;
  do {
    page = connection().ask_for<control::ClientList>(
        control::Clients{all.empty() ? 0 : all.back().id});
    for (const auto& report : page.clients) all.push_back(info_of(report));
  } while (page.more && !page.clients.empty());
  return all;
}

std::vector<std::string> Bus::reload() {
  return connection().ask_for<control::Reloaded>(control::Reload{}).changes;
}

BrokerInfo Bus::broker() {
  return info_of(connection().ask_for<control::BrokerReport>(control::Broker{}));
}

const std::string& Bus::socket() const {
  return connection().socket();
}

}  // namespace busbar
