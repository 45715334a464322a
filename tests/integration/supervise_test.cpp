#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <busbar/busbar.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/manager.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// busbard --supervise on a socket of its own, by a path of its own, where another program can be
/// put.
struct Supervise : ::testing::Test {
  Supervise() { install(BUSBARD_PATH); }
  ~Supervise() override {
    if (!supervisor) return;
    supervisor->kill(SIGSTOP);  // else it would start another one
    if (const pid_t pid = broker()) ::kill(pid, SIGKILL);
    for (const pid_t pid : orphans) ::kill(pid, SIGKILL);
  }

  void install(const std::string& program) const {
    fs::remove(installed);
    fs::create_symlink(program, installed);
  }
  void start(std::vector<std::string> more = {}, Process::Options options = {}) {
    more.insert(more.begin(), {installed, "--supervise", "--socket", socket});
    supervisor.emplace(more, options);
  }
  /// The process that the supervisor has started, 0 without one.
  pid_t broker() const {
    const std::string self = std::to_string(supervisor->pid());
    std::ifstream file("/proc/" + self + "/task/" + self + "/children");
    pid_t pid = 0;
    file >> pid;
    return pid;
  }
  /// Waits until one answers that is not `before`; its process.
  pid_t serving_broker(pid_t before = 0) const {
    EXPECT_TRUE(eventually([&] { return broker() != before && answers(); }));
    return broker();
  }
  bool answers() const {
    try {
      RawClient(socket).ask(control::List{}).as<control::ChannelList>();
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  TemporaryDirectory directory;
  std::string socket = directory.path("control.sock");
  std::string installed = directory.path("busbard");
  std::optional<Process> supervisor;
  std::vector<pid_t> orphans;
};

std::vector<std::string> files_in(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename());
  return names;
}

TEST_F(Supervise, StartsABrokerAnewThatIsKilledAgainAndAgain) {
  start();
  pid_t pid = serving_broker();
  for (int i = 0; i < 4; ++i) {
    ::kill(pid, SIGKILL);
    pid = serving_broker(pid);
  }
  EXPECT_THAT(supervisor->stderr_text(),
              HasSubstr("signal 9 (Killed); it is started again at once"));
}

/// The files in /dev/shm that it has mapped.
std::vector<std::string> segments_of(pid_t pid) {
  std::vector<std::string> names;
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto at = line.find("/dev/shm/");
    if (at != std::string::npos) names.push_back(line.substr(at));
  }
  return names;
}

TEST_F(Supervise, EndsWithItsBrokerAndLeavesNothing) {
  for (const int signal : {SIGTERM, SIGINT}) {
    start();
    const pid_t pid = serving_broker();
    Bus::connect({.name = "test", .socket = socket}).create("quotes", {});
    const std::vector<std::string> segments = segments_of(pid);
    EXPECT_THAT(segments, Not(IsEmpty()));
    supervisor->kill(signal);
    EXPECT_EQ(supervisor->wait(), 0);
    EXPECT_NE(::kill(pid, 0), 0);
    for (const std::string& segment : segments) EXPECT_FALSE(fs::exists(segment)) << segment;
    EXPECT_THAT(files_in(directory.path()), ::testing::ElementsAre("busbard"));
  }
}

TEST_F(Supervise, EndsCleanlyHoweverEarlyItIsAskedTo) {
  for (int i = 0; i < 20; ++i) {
    start();
    ASSERT_TRUE(supervisor->wait_for_stderr("the broker is process"));
    ::usleep(static_cast<useconds_t>(i * 500));  // another instant of its start each time
    supervisor->kill(SIGTERM);
    ASSERT_EQ(supervisor->wait(), 0) << supervisor->stderr_text();
    ASSERT_THAT(files_in(directory.path()), ::testing::ElementsAre("busbard"));
  }
}

TEST_F(Supervise, ReplacesTheBrokerByWhatIsInstalledThen) {
  start();
  const pid_t before = serving_broker();
  const std::string newer = directory.path("newer");
  std::ofstream(newer) << "#!/bin/sh\ntouch " << newer << ".ran\nexec " << BUSBARD_PATH
                       << " \"$@\"\n";
  fs::permissions(newer, fs::perms::owner_all);
  install(newer);
  supervisor->kill(SIGUSR2);
  serving_broker(before);
  EXPECT_TRUE(fs::exists(newer + ".ran"));
  EXPECT_THAT(supervisor->stderr_text(), Not(HasSubstr("has ended")));
  supervisor->kill(SIGTERM);
  EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(Supervise, HasTheOldProgramWhereNoneIsInstalledAnyMore) {
  start();
  const pid_t before = serving_broker();
  fs::remove(installed);
  ::kill(before, SIGKILL);
  serving_broker(before);
}

TEST_F(Supervise, DoesNotTryAConfigurationAgainThatIsWrong) {
  const std::string file = directory.path("busbar.json");
  std::ofstream(file) << R"({"bus": {"nam": "x"}})";
  start({"--config", file});
  EXPECT_EQ(supervisor->wait(), 2);
  EXPECT_THAT(supervisor->stderr_text(), HasSubstr("has ended with status 2"));
}

TEST_F(Supervise, PassesAReloadOn) {
  const std::string file = directory.path("busbar.json");
  std::ofstream(file) << "{}";
  start({"--config", file});
  const pid_t before = serving_broker();
  std::ofstream(file) << R"({"channels": [{"name": "quotes"}]})";
  supervisor->kill(SIGHUP);
  ASSERT_TRUE(supervisor->wait_for_stderr("reloaded"));
  EXPECT_EQ(broker(), before);
}

TEST_F(Supervise, HandsTheListeningSocketToEachBroker) {
  const UniqueFd listening = listening_socket(socket);
  Process::Options options;
  options.environment = {"LISTEN_FDS=1", "LISTEN_FDNAMES=busbard.socket"};
  options.descriptors = {listening.get()};
  supervisor = Process({"sh", "-c", "LISTEN_PID=$$ exec \"$0\" --supervise", installed}, options);
  const pid_t before = serving_broker();
  supervisor->kill(SIGSTOP);
  ::kill(before, SIGKILL);
  RawClient early = RawClient::silent(socket);
  early.send_request(RawClient::hello("early"));
  supervisor->kill(SIGCONT);
  early.receive().as<control::Welcome>();
}

TEST_F(Supervise, TellsWhoStartedItWhatTheBrokerSays) {
  Manager manager;
  start({}, {.environment = {manager.variable()}});
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=0 channels, 0 clients");
  ::kill(broker(), SIGKILL);
  EXPECT_EQ(manager.next_with("READY"), "READY=1\nSTATUS=0 channels, 0 clients");
  supervisor->kill(SIGUSR2);
  EXPECT_THAT(manager.next().value_or(""), StartsWith("READY=1\n"));  // no word of stopping
  supervisor->kill(SIGTERM);
  EXPECT_EQ(manager.next(), "STOPPING=1");
  EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(Supervise, PassesTheWatchdogOn) {
  Manager manager;
  start({}, {.environment = {manager.variable(), "WATCHDOG_USEC=20000"}});
  manager.next_with("READY=1");
  EXPECT_EQ(manager.next_with("WATCHDOG"), "WATCHDOG=1");
}

TEST_F(Supervise, IsOutlivedByItsBrokerAndFollowedByAnotherOne) {
  start();
  const pid_t orphan = serving_broker();
  orphans.push_back(orphan);
  RawClient client(socket);
  supervisor->kill(SIGKILL);
  supervisor->wait();
  client.ask(control::List{}).as<control::ChannelList>();
  start();
  // The socket is taken: tried again until it is free.
  ASSERT_TRUE(supervisor->wait_for_stderr("status 1; it is started again in"));
  client.ask(control::List{}).as<control::ChannelList>();
  ::kill(orphan, SIGTERM);
  ASSERT_TRUE(client.wait_for_hangup());
  serving_broker(orphan);
}

/// A publisher that never rests, in a thread of its own, and how far it has come.
class Publishing {
 public:
  explicit Publishing(Publisher publisher)
      : thread_([this, p = std::move(publisher)]() mutable {
          while (!stop_ && publish(p, sent_) == Outcome::ok) ++sent_;
        }) {}
  ~Publishing() { end(); }
  /// How many it has published.
  std::uint64_t end() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return sent_;
  }

 private:
  static Outcome publish(Publisher& publisher, std::uint64_t number) {
    return publisher.publish(std::as_bytes(std::span(&number, 1)));
  }
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::thread thread_;
};

std::uint64_t number_of(const Message& message) {
  std::uint64_t number = 0;
  EXPECT_EQ(message.payload().size(), sizeof number);
  std::memcpy(&number, message.payload().data(), sizeof number);
  return number;
}

struct SuperviseChannels : Supervise, ::testing::WithParamInterface<const char*> {
  /// Ends one broker and waits for the next.
  void replace_broker(pid_t& pid, int how) {
    if (how == SIGUSR2) {
      supervisor->kill(SIGUSR2);
    } else {
      ::kill(pid, how);
    }
    pid = serving_broker(pid);
  }
  /// Receives `count` messages, each the next.
  static void receive(Subscriber& subscriber, std::uint64_t& next, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const Message message = subscriber.receive(kPatience);
      ASSERT_TRUE(message) << "instead of message " << next;
      ASSERT_EQ(number_of(message), next++);
    }
  }
};

TEST_P(SuperviseChannels, OutliveTheBrokerWithoutTheLossOfAMessage) {
  const std::string file = directory.path("busbar.json");
  std::ofstream(file) << R"({"channels": [{"name": "quotes", "capacity": "64KiB", "segment": ")"
                      << GetParam() << "\"}]}";
  start({"--config", file});
  pid_t pid = serving_broker();
  Bus bus = Bus::connect({.name = "old", .socket = socket});
  Subscriber subscriber = bus.subscriber("quotes");
  Publishing publishing(bus.publisher("quotes"));
  std::uint64_t next = 0;
  for (const int how : {SIGKILL, SIGKILL, SIGUSR2}) {
    receive(subscriber, next, 1000);
    replace_broker(pid, how);
    receive(subscriber, next, 1000);
    // Who comes after it is on the same ring: it gets what the old one gets.
    Bus newcomers = Bus::connect({.name = "new", .socket = socket});
    Subscriber newcomer = newcomers.subscriber("quotes");
    std::uint64_t first = 0;
    std::jthread old([&] { receive(subscriber, next, 1000); });
    const Message message = newcomer.receive(kPatience);
    ASSERT_TRUE(message);
    first = number_of(message) + 1;
    receive(newcomer, first, 100);
  }
  std::jthread reading([&, subscriber = std::move(subscriber)]() mutable {
    while (const Message message = subscriber.receive(100ms)) EXPECT_EQ(number_of(message), next++);
  });
  const std::uint64_t sent = publishing.end();
  reading.join();
  EXPECT_EQ(next, sent);
}

INSTANTIATE_TEST_SUITE_P(Backings, SuperviseChannels, ::testing::Values("sealed", "named"),
                         [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace busbar::test
