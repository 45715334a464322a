#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/base/crash_point.hpp"
#include "tests/support/child.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_broker.hpp"

// For each crash point in the sources: a real process, publisher, subscriber or broker, dies there
// while the others go on. A point that nobody comes to is a failure: it has no test.

namespace busbar::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// All names in the tree.
std::set<std::string> all_points() {
  std::set<std::string> points;
  const std::regex point(R"re(BUSBAR_CRASH_POINT\("([^"]+)"\))re");
  for (const char* part : {"common", "client", "daemon"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(BUSBAR_TREE) / part)) {
      if (entry.path().filename() == "crash_point.hpp" || !entry.is_regular_file()) continue;
      std::ifstream file(entry.path());
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      for (std::sregex_iterator at(text.begin(), text.end(), point), end; at != end; ++at) {
        points.insert((*at)[1]);
      }
    }
  }
  return points;
}

/// A channel that members die on.
struct Kind {
  std::string name;
  std::uint32_t publishers;
  WhenFull when_full;
};
const Kind kKinds[] = {{"solo", 1, WhenFull::block},
                       {"several", 4, WhenFull::block},
                       {"solo-evict", 1, WhenFull::evict},
                       {"several-evict", 4, WhenFull::evict}};

/// A number and what follows from it.
struct Note {
  std::uint64_t writer = 0;
  std::uint64_t number = 0;
  std::uint64_t check = 0;
};
constexpr std::uint64_t check_of(std::uint64_t writer, std::uint64_t number) {
  return (writer << 32 ^ number) * 0x9e3779b97f4a7c15u;
}
void write(Claim& claim, std::uint64_t writer, std::uint64_t number) {
  const Note note{writer, number, check_of(writer, number)};
  std::memcpy(claim.data(), &note, sizeof note);
}

/// Everything that a publisher does, as long as it lives.
void live_as_publisher(const std::string& socket, const std::string& channel) {
  auto bus = Bus::connect({.name = "mortal", .socket = socket});
  auto publisher = bus.publisher(channel);
  std::uint64_t number = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<Claim> claims;
    for (std::size_t i = 0; i < 3; ++i) {
      Claim claim = publisher.claim(100 + static_cast<std::size_t>(round) % 7 * 40);
      if (!claim) break;
      write(claim, 1, number + i);
      claims.push_back(std::move(claim));
    }
    const std::size_t count = claims.size();
    if (round % 3 == 0) {
      publisher.commit(claims);
    } else {
      for (Claim& claim : claims) claim.commit(sizeof(Note));
    }
    number += count;
    // So that others fall asleep.
    if (round % 20 == 0) std::this_thread::sleep_for(5ms);
    Claim aborted = publisher.claim(60);
    if (aborted) write(aborted, 2, 0);
  }
  publisher.end();
}

/// Everything that a subscriber does.
void live_as_subscriber(const std::string& socket, const std::string& channel) {
  auto bus = Bus::connect({.name = "mortal", .socket = socket});
  for (int round = 0; round < 12; ++round) {
    SubscriberOptions options;
    if (round % 3 == 1) options.delivery = Delivery::lossy;
    if (round % 2 == 1) options.start = Start::oldest();
    auto subscriber = bus.subscriber(channel, options);
    std::vector<Message> kept;
    for (int i = 0; i < 30; ++i) {
      Message message = subscriber.receive(2ms);
      if (message && kept.size() < 5) kept.push_back(std::move(message));
      if (i % 7 == 6 && !kept.empty()) kept.erase(kept.begin());
    }
    subscriber.poll([](const Message&) {}, 10);
  }
}

/// Who lives: publishes and receives, and finds every message of its own in order and whole, and
/// of another just the first ones.
class Survivor {
 public:
  Survivor(Bus& bus, const Kind& kind, bool publishes)
      : bus_(bus),
        channel_(kind.name),
        subscriber_(bus.subscriber(kind.name)),
        holder_(bus.subscriber(kind.name)) {
    if (publishes) publisher_.emplace(bus.publisher(kind.name));
  }

  void send() {
    if (!publisher_) return;
    Claim claim = publisher_->try_claim(sizeof(Note) + number_ % 300);
    if (!claim) return;
    write(claim, 0, number_++);
    claim.commit();
  }
  /// What is there; the holder keeps one, then another.
  void receive(std::chrono::milliseconds patience = 0ms) {
    while (true) {
      const Message message = subscriber_.receive(patience);
      if (message.outcome() == Outcome::evicted) join_again();
      if (!message) break;
      check(message);
    }
    Message held = holder_.try_receive();
    if (held && ++held_ % 50 == 1) kept_ = std::move(held);
    holder_.poll([](const Message&) {}, 100);
    if (holder_.poll_outcome() == Outcome::evicted) {
      kept_ = {};
      holder_ = bus_.subscriber(channel_);
    }
  }
  /// Everything of its own has to come.
  void expect_to_go_on() {
    const std::uint64_t until = number_ + 100;
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while ((number_ < until || next_[0] < number_) && !testing::Test::HasFailure()) {
      if (number_ < until) send();
      receive();
      ASSERT_LT(std::chrono::steady_clock::now(), give_up)
          << next_[0] << " of " << number_ << " messages have come";
    }
  }
  void publish_on(Bus& bus, const Kind& kind) {
    if (!publisher_) publisher_.emplace(bus.publisher(kind.name));
  }

 private:
  /// Where seats that lag are taken away: whoever fills the ring may be faster.
  void join_again() {
    subscriber_ = bus_.subscriber(channel_);
    next_[0] = number_;
    next_[1] = kUnknown;
  }
  void check(const Message& message) {
    Note note;
    ASSERT_GE(message.payload().size(), sizeof note);
    std::memcpy(&note, message.payload().data(), sizeof note);
    ASSERT_LT(note.writer, 2u) << "an aborted message is seen";
    EXPECT_EQ(note.check, check_of(note.writer, note.number));
    // Of several claims that are committed in a batch, the dead may leave the later ones alone.
    if (note.writer == 0) {
      EXPECT_EQ(note.number, next_[0]);
    } else if (next_[1] != kUnknown) {
      EXPECT_GE(note.number, next_[1]);
      EXPECT_LE(note.number, next_[1] + 2);
    }
    next_[note.writer] = note.number + 1;
  }

  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

  Bus& bus_;
  std::string channel_;
  Subscriber subscriber_;
  Subscriber holder_;
  std::optional<Publisher> publisher_;
  Message kept_;
  std::uint64_t number_ = 0;
  std::uint64_t held_ = 0;
  std::uint64_t next_[2] = {};
};

/// True if it died at the point, false if it ended without having come there.
bool dies(pid_t pid, const std::function<void()>& meanwhile) {
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) meanwhile();
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

enum class Role { publisher, subscriber };

/// Who dies, and on what kind of channel.
struct Fate {
  Role role;
  Kind kind;
};

/// Does all that there is to do, and dies of it if a point is armed.
pid_t start(const Fate& fate, const std::string& socket, const std::string& point,
            const std::string& notes = {}) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  CrashPoint::arm(point.c_str());
  if (!notes.empty()) CrashPoint::note_to(notes.c_str());
  try {
    (fate.role == Role::publisher ? live_as_publisher : live_as_subscriber)(socket, fate.kind.name);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mortal: %s\n", error.what());
  }
  ::_exit(0);
}

std::set<std::string> lines_of(const std::string& file) {
  std::set<std::string> lines;
  std::ifstream text(file);
  for (std::string line; std::getline(text, line);) lines.insert(line);
  return lines;
}

/// The life of a member, and of those who live on behind it, on one channel.
class Scene {
 public:
  explicit Scene(const TestBroker& broker) : broker_(broker), bus_(broker.connect()) {}

  /// True if it has died at the point.
  bool play(const Fate& fate, const std::string& point, const std::string& notes = {}) {
    const Kind& kind = fate.kind;
    bus_.create(kind.name, {.capacity = 8192,
                            .when_full = kind.when_full,
                            .block_timeout = 100ms,
                            .max_publishers = kind.publishers});
    const bool alone = fate.role == Role::publisher && kind.publishers == 1;
    bool died = false;
    int rounds = 0;
    {
      Survivor survivor(bus_, kind, !alone);
      std::optional<Child> presser;
      if (!alone && kind.publishers > 1 && fate.role == Role::subscriber) {
        // Waits for room, which the mortal makes.
        presser.emplace([&] { live_as_publisher(broker_.socket(), kind.name); });
      }
      died = dies(start(fate, broker_.socket(), point, notes), [&] {
        survivor.send();
        survivor.receive(1ms);
        // So that who waits for room falls asleep.
        if (++rounds % 16 == 0) std::this_thread::sleep_for(5ms);
      });
      presser.reset();
      expect_members(kind, alone ? 2 : 3);
      survivor.publish_on(bus_, kind);
      survivor.expect_to_go_on();
    }
    expect_members(kind, 0);
    EXPECT_TRUE(eventually([&] { return bus_.clients().size() == 1; }));
    bus_.remove(kind.name);
    return died;
  }

 private:
  /// Nothing is left of the dead: no place, no held message.
  void expect_members(const Kind& kind, std::size_t count) {
    EXPECT_TRUE(eventually([&] {
      const ChannelDetails details = bus_.channel(kind.name);
      const std::size_t members = details.publishers.size() + details.subscribers.size();
      return members == count && (count != 0 || details.channel.load.held == 0);
    })) << "places of the dead are still held";
  }

  const TestBroker& broker_;
  Bus bus_;
};

/// Members come, die with what they hold or in a claim, and go; so do channels.
void keep_busy(TestBroker& broker, int rounds) {
  Bus bus = Bus::connect({.name = "busy", .socket = broker.socket(), .timeout = 500ms});
  for (int round = 0; round < rounds && broker.process().running(); ++round) {
    for (const char* point : {"", "finish.word", "claim.word"}) {
      const std::string passing = "passing-" + std::to_string(round) + point;
      const bool solo = point[0] == 'f';
      bus.create(passing, {.max_publishers = solo ? 1u : 2u});
      Child mortal([&] {
        CrashPoint::arm(point);
        Bus own = broker.connect("mortal");
        Subscriber subscriber = own.subscriber(passing);
        Publisher publisher = own.publisher(passing);
        Claim claim = publisher.claim(100);
        publisher.publish({});
        if (claim) claim.commit();
        const Message kept = subscriber.receive(1s);
        ::raise(SIGKILL);
      });
      mortal.ends();
      eventually([&] {
        const ChannelDetails details = bus.channel(passing);
        return details.publishers.empty() && details.subscribers.empty();
      });
      bus.publisher(passing).publish({});
      bus.remove(passing, true);
    }
  }
}

/// A broker that reads `variable` when it starts.
std::unique_ptr<TestBroker> broker_with(const char* variable, const std::string& value) {
  ::setenv(variable, value.c_str(), 1);
  std::unique_ptr<TestBroker> broker;
  try {
    broker = std::make_unique<TestBroker>();
  } catch (const std::exception&) {
    // It has died before it answered.
  }
  ::unsetenv(variable);
  return broker;
}

/// Members of its channel go on without it, and with the next one.
void expect_broker_dies_well(const std::string& point) {
  const auto broker = broker_with("BUSBAR_CRASH_AT", point);
  if (!broker) return;
  const Kind kind{"lasting", 4, WhenFull::block};
  std::optional<Bus> bus;
  std::optional<Survivor> survivor;
  try {
    bus.emplace(Bus::connect({.name = "lasting", .socket = broker->socket(), .timeout = 500ms}));
    survivor.emplace(*bus, kind, true);
    keep_busy(*broker, 5);
  } catch (const std::exception&) {
    // It is just dying.
  }
  EXPECT_EQ(broker->process().wait(5s), 128 + SIGKILL);
  if (survivor) survivor->expect_to_go_on();
  broker->start();
  keep_busy(*broker, 2);
  if (survivor) survivor->expect_to_go_on();
}

/// Members go on without a broker that dies while it takes their channels over, and with the next.
void expect_adopter_dies_well(const std::string& point) {
  TestBroker broker;
  const Kind kind{"lasting", 4, WhenFull::block};
  Bus bus = Bus::connect({.name = "lasting", .socket = broker.socket(), .timeout = 500ms});
  Survivor survivor(bus, kind, true);
  broker.kill();
  ::setenv("BUSBAR_CRASH_AT", point.c_str(), 1);
  EXPECT_ANY_THROW(broker.start());
  ::unsetenv("BUSBAR_CRASH_AT");
  survivor.expect_to_go_on();
  broker.start();
  keep_busy(broker, 1);
  survivor.expect_to_go_on();
}

class CrashPoints : public testing::Test {
 protected:
  static void SetUpTestSuite() { CrashPoint::disarm(); }

  std::string notes() const { return directory_.path("notes"); }

 private:
  TemporaryDirectory directory_;
};

TEST_F(CrashPoints, AreAllDiedAtWhileTheOthersGoOn) {
  std::map<std::string, std::vector<Fate>> fates;
  {
    TestBroker broker;
    Scene scene(broker);
    for (const Kind& kind : kKinds) {
      for (const Role role : {Role::publisher, Role::subscriber}) {
        const Fate fate{role, kind};
        // Who sleeps when is another matter each time.
        for (int times = 0; times < 4; ++times) scene.play(fate, "", notes());
        for (const std::string& point : lines_of(notes())) fates[point].push_back(fate);
        fs::remove(notes());
      }
    }
    for (const auto& [point, all] : fates) {
      SCOPED_TRACE(point);
      // On two kinds of channel, if two come there. Whether somebody just sleeps is the machine's
      // matter: then another time.
      int deaths = 0;
      for (std::size_t i = 0; i < 40 && deaths < 2 && !HasFailure(); ++i) {
        deaths += scene.play(all[i % all.size()], point) ? 1 : 0;
      }
      EXPECT_GT(deaths, 0);
      if (HasFailure()) return;
    }
  }
  std::set<std::string> of_broker;
  std::set<std::string> of_adopter;
  {
    const auto broker = broker_with("BUSBAR_CRASH_NOTE", notes());
    keep_busy(*broker, 3);
    of_broker = lines_of(notes());
    fs::remove(notes());
    Bus bus = broker->connect();
    const Survivor survivor(bus, kKinds[1], true);
    broker->kill();
    ::setenv("BUSBAR_CRASH_NOTE", notes().c_str(), 1);
    broker->start();
    ::unsetenv("BUSBAR_CRASH_NOTE");
    of_adopter = lines_of(notes());
  }
  for (const std::string& point : of_broker) {
    SCOPED_TRACE(point + " of the broker");
    of_adopter.erase(point);
    expect_broker_dies_well(point);
    if (HasFailure()) return;
  }
  for (const std::string& point : of_adopter) {
    SCOPED_TRACE(point + " of a broker that adopts");
    expect_adopter_dies_well(point);
    if (HasFailure()) return;
  }
  for (const std::string& point : all_points()) {
    EXPECT_TRUE(fates.contains(point) || of_broker.contains(point) || of_adopter.contains(point))
        << "nobody comes to \"" << point << "\": add what does";
  }
}

}  // namespace
}  // namespace busbar::test
