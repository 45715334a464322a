#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/unique_fd.hpp"
#include "tests/support/manager.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct ServiceManager : ::testing::Test {
  Process start(std::vector<std::string> environment = {}, const std::string& config = "{}") {
    const std::string file = directory.path("busbar.json");
    std::ofstream(file) << config;
    environment.push_back(manager.variable());
    return Process({BUSBARD_PATH, "--socket", socket, "--config", file},
                   {.environment = environment});
  }

  Manager manager;
  TemporaryDirectory directory;
  std::string socket = directory.path("control.sock");
};

/// The timers of a process that are running, as lines of /proc/PID/fdinfo.
int running_timers(pid_t pid) {
  int count = 0;
  for (const auto& file :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fdinfo")) {
    std::ifstream info(file.path());
    for (std::string line; std::getline(info, line);) {
      if (line.starts_with("it_value:") && line != "it_value: (0, 0)") ++count;
    }
  }
  return count;
}

TEST_F(ServiceManager, HearsThatTheBrokerIsReadyWhenAllItsChannelsAreThere) {
  const Process broker = start({}, R"({"channels": [
      {"name": "a", "capacity": "32MiB"}, {"name": "b"}, {"name": "c", "capacity": "32MiB"}]})");
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=3 channels, 0 clients");
  RawClient client(socket);
  EXPECT_EQ(client.ask(control::List{}).as<control::ChannelList>().channels.size(), 3u);
}

TEST_F(ServiceManager, HearsThatABrokerWithoutChannelsIsReady) {
  const Process broker = start();
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=0 channels, 0 clients");
}

TEST_F(ServiceManager, HearsHowManyClientsAndChannelsThereAre) {
  const Process broker = start();
  manager.next_with("READY=1");
  RawClient client(socket);
  client.ask(control::Create{"quotes", {}}).as<control::Created>();
  EXPECT_EQ(manager.next_with("1 channel, 1 client"), "STATUS=1 channel, 1 client");
  client.close();
  EXPECT_EQ(manager.next_with("0 clients"), "STATUS=1 channel, 0 clients");
}

TEST_F(ServiceManager, HearsThatTheBrokerStops) {
  Process broker = start();
  manager.next_with("READY=1");
  broker.kill(SIGTERM);
  EXPECT_THAT(manager.next().value_or(""), StartsWith("STOPPING=1\n"));
  EXPECT_EQ(broker.wait(), 0);
}

TEST_F(ServiceManager, IsToldAgainAndAgainThatAllIsWellIfItKeepsAWatch) {
  const Process broker = start({"WATCHDOG_USEC=20000"});
  manager.next_with("READY=1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(manager.next(), "WATCHDOG=1");
  EXPECT_EQ(running_timers(broker.pid()), 1);
}

TEST_F(ServiceManager, DoesNotKeepAnIdleBrokerAwakeIfItKeepsNoWatch) {
  const Process broker = start();
  manager.next_with("READY=1");
  EXPECT_EQ(running_timers(broker.pid()), 0);
}

TEST_F(ServiceManager, IsNotToldForTheSakeOfAWatchOverAnotherProcess) {
  const Process broker = start({"WATCHDOG_USEC=20000", "WATCHDOG_PID=1"});
  manager.next_with("READY=1");
  EXPECT_EQ(running_timers(broker.pid()), 0);
}

TEST_F(ServiceManager, CannotHoldUpTheBroker) {
  const Process broker = start({"WATCHDOG_USEC=2000"});
  ASSERT_TRUE(eventually([&] { return manager.is_full(); }));
  RawClient client(socket);
  // Until the watchdog's and the status' time have come, with nobody who would take what they say.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1200);
  ASSERT_TRUE(eventually([&] {
    client.ask(control::List{}).as<control::ChannelList>();
    return std::chrono::steady_clock::now() > until;
  }));
  ASSERT_TRUE(manager.is_full());
  // What it did not take is told as soon as it does, and nothing is told out of order.
  EXPECT_THAT(manager.next().value_or(""), StartsWith("READY=1\n"));
  while (manager.is_full()) manager.next();
  EXPECT_EQ(manager.next_with("1 client"), "STATUS=0 channels, 1 client");
  EXPECT_EQ(manager.next_with("WATCHDOG"), "WATCHDOG=1");
}

TEST_F(ServiceManager, IsNoConditionForServing) {
  const std::string nobody = directory.path("nobody");
  Process broker({BUSBARD_PATH, "--socket", socket}, {.environment = {"NOTIFY_SOCKET=" + nobody}});
  ASSERT_TRUE(broker.wait_for_stderr("the service manager cannot be told how it goes: " + nobody));
  RawClient(socket).ask(control::List{}).as<control::ChannelList>();
}

TEST_F(ServiceManager, MayListenInTheAbstractNamespace) {
  const std::string name = "busbar-test-" + std::to_string(::getpid());
  const UniqueFd listening(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, sizeof address.sun_path - 2);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  const Process broker({BUSBARD_PATH, "--socket", socket},
                       {.environment = {"NOTIFY_SOCKET=@" + name}});
  pollfd entry{listening.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())), 1);
}

}  // namespace
}  // namespace busbar::test
