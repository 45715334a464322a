#include "daemon/service_manager.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include "common/base/unique_fd.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::MatchesRegex;

/// A service manager that listens.
struct ServiceManagerTest : ::testing::Test {
  ServiceManagerTest() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~ServiceManagerTest() override { ::unsetenv("WATCHDOG_USEC"); }

  /// What has come; datagrams are there as soon as they are sent.
  std::optional<std::string> next() {
    std::array<char, 4096> bytes;
    const ssize_t size = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (size < 0) return std::nullopt;
    return std::string(bytes.data(), static_cast<std::size_t>(size));
  }

  test::TemporaryDirectory directory;
  std::string path = directory.path("notify");
  UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  EventLoop loop;
  NotifySocket notify_socket{loop, path};
};

ServiceManager::Sources well(std::string status = "fine") {
  return {[=] { return status; }, [] { return 0ns; }};
}

TEST_F(ServiceManagerTest, HearsOfAReloadWithItsTimeAndOfItsEnd) {
  ServiceManager manager(loop, notify_socket, well());
  manager.reloading();
  manager.ready();
  EXPECT_THAT(next().value_or(""),
              MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\nSTATUS=reloading"));
  EXPECT_EQ(next(), "READY=1\nSTATUS=fine");
  EXPECT_EQ(next(), std::nullopt);
}

TEST_F(ServiceManagerTest, HearsNothingWhereThereIsNone) {
  NotifySocket nowhere(loop, "");
  ServiceManager manager(loop, nowhere, well());
  manager.ready();
  manager.reloading();
  manager.changed();
  manager.stopping();
  EXPECT_EQ(next(), std::nullopt);
}

TEST_F(ServiceManagerTest, HearsAStatusOnlyIfItIsAnotherOne) {
  std::string status = "one";
  ServiceManager manager(loop, notify_socket, {[&] { return status; }, [] { return 0ns; }});
  Timer end(loop, [&] { loop.stop(); });
  manager.ready();
  manager.changed();
  end.once(1100ms);
  loop.run();
  EXPECT_EQ(next(), "READY=1\nSTATUS=one");
  EXPECT_EQ(next(), std::nullopt);
}

TEST_F(ServiceManagerTest, IsNotToldThatAllIsWellWhileSomethingIsStuck) {
  ::setenv("WATCHDOG_USEC", "2000", 1);
  int asked = 0;
  const auto stuck_for = [&]() -> std::chrono::nanoseconds {
    if (++asked == 5) loop.stop();
    return asked < 3 ? 3ms : 1ms;  // longer than the interval, twice
  };
  const ServiceManager manager(loop, notify_socket, {[] { return ""; }, stuck_for});
  loop.run();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(next(), "WATCHDOG=1");
  EXPECT_EQ(next(), std::nullopt);
}

}  // namespace
}  // namespace busbar::daemon
