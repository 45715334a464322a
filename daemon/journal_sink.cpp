#include "daemon/journal_sink.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "common/base/error.hpp"
#include "daemon/journal_entry.hpp"
#include "daemon/log_fields.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kLongestText = 16384;

/// As syslog(3) numbers them.
const char* priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return "2";
    case spdlog::level::err:
      return "3";
    case spdlog::level::warn:
      return "4";
    case spdlog::level::info:
      return "6";
    default:
      return "7";
  }
}

}  // namespace

JournalSink::JournalSink(std::string bus, std::string socket_path)
    : bus_(std::move(bus)),
      path_(std::move(socket_path)),
      socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!socket_) throw system_error("socket", errno);
}

bool JournalSink::try_write(const spdlog::details::log_msg& message) {
  const std::string_view text(message.payload.data(), message.payload.size());
  JournalEntry entry;
  entry.add("MESSAGE", text.substr(0, kLongestText));
  entry.add("PRIORITY", priority_of(message.level));
  entry.add("SYSLOG_IDENTIFIER", "busbard");
  entry.add("BUSBAR_BUS", bus_);
  LogFields::for_each([&](const char* name, const std::string& value) { entry.add(name, value); });
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  return ::sendto(socket_.get(), entry.bytes().data(), entry.bytes().size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address), sizeof address) >= 0;
}

}  // namespace busbar::daemon
