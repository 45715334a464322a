#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <busbar/busbar.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kAll = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr const char* kSocket = "/control.sock";

void check(int result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

bool namespaces_are_permitted() {
  return in_child([] {
           check(::unshare(kAll), "unshare");
           return std::string("yes");
         }) == "yes";
}

/// Leaves everything behind but the control socket: a root with that one file, no /proc, no
/// /dev/shm, another network. The caller's children are in another PID namespace.
void enter_empty_world(const std::string& socket, const std::string& root) {
  check(::unshare(kAll), "unshare");
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount / private");
  check(::mount("none", root.c_str(), "tmpfs", 0, nullptr), "mount tmpfs");
  std::ofstream(root + kSocket).flush();
  check(::mount(socket.c_str(), (root + kSocket).c_str(), nullptr, MS_BIND, nullptr), "mount bind");
  check(::chroot(root.c_str()), "chroot");
  check(::chdir("/"), "chdir");
}

/// `body` as process 1 of a PID namespace, in a world with nothing but the socket. What it returns.
std::string in_empty_world(const std::string& socket,
                           const std::function<std::string(Bus&)>& body) {
  const TemporaryDirectory root;
  return in_child([&] {
    enter_empty_world(socket, root.path());
    return in_child([&] {
      if (::getpid() != 1) throw std::runtime_error("not process 1");
      if (::access("/proc", F_OK) == 0 || ::access("/dev", F_OK) == 0) return std::string("leaks");
      Bus bus = Bus::connect({.name = "inside", .socket = kSocket});
      return body(bus);
    });
  });
}

/// A process that stays there until it is killed.
class Inmate {
 public:
  Inmate(const std::string& socket, const std::function<void(Bus&)>& body)
      : keeper_([=, this] {
          enter_empty_world(socket, root_.path());
          Child inmate([&] {
            Bus bus = Bus::connect({.name = "inmate", .socket = kSocket});
            body(bus);
          });
          inmate.ends();
        }) {}

  /// SIGKILL: the inmate dies with its parent.
  void kill() const { keeper_.signal(SIGKILL); }

 private:
  TemporaryDirectory root_;
  Child keeper_;
};

class Namespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_become_others()) GTEST_SKIP() << "not root";
    if (!namespaces_are_permitted()) GTEST_SKIP() << "no new namespaces permitted here";
  }

  static std::vector<std::byte> bytes(const std::string& text) {
    const auto all = std::as_bytes(std::span(text));
    return {all.begin(), all.end()};
  }
  static std::string text(const Message& message) {
    return {reinterpret_cast<const char*>(message.payload().data()), message.payload().size()};
  }

  TestBroker broker;
  Bus bus = broker.connect();
};

TEST_F(Namespaces, AClientWithNothingButTheSocketPublishesToOneOutside) {
  for (const char* segment : {"named", "sealed"}) {
    bus.create(segment, {.segment = std::string(segment)});
    Subscriber subscriber = bus.subscriber(segment);
    EXPECT_EQ(in_empty_world(broker.socket(),
                             [&](Bus& inside) {
                               const Outcome done = inside.publisher(segment).publish(bytes("hi"));
                               return std::string(to_string(done));
                             }),
              "ok");
    const Message message = subscriber.receive(kPatience);
    ASSERT_TRUE(message);
    EXPECT_EQ(text(message), "hi");
  }
}

TEST_F(Namespaces, AClientWithNothingButTheSocketReceivesFromOneOutside) {
  for (const char* segment : {"named", "sealed"}) {
    bus.create(segment, {.segment = std::string(segment)});
    Publisher publisher = bus.publisher(segment);
    ASSERT_EQ(publisher.publish(bytes("early")), Outcome::ok);
    EXPECT_EQ(in_empty_world(broker.socket(),
                             [&](Bus& inside) {
                               Subscriber subscriber =
                                   inside.subscriber(segment, {.start = Start::oldest()});
                               return text(subscriber.receive(kPatience));
                             }),
              "early");
  }
}

TEST_F(Namespaces, PublishersOfManyAreOneChannelsAndOutliveOneAnother) {
  bus.create("a", {.capacity = 1 << 20, .max_publishers = 8});
  Subscriber subscriber = bus.subscriber("a");
  const auto publish_on = [](Bus& inside) {
    Publisher publisher = inside.publisher("a");
    for (;;) publisher.publish(std::vector<std::byte>(64));
  };
  const Inmate first(broker.socket(), publish_on);
  const Inmate second(broker.socket(), publish_on);
  std::uint64_t received = 0;
  const auto receive = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const Message message = subscriber.receive(kPatience);
      ASSERT_TRUE(message) << to_string(message.outcome());
      ++received;
    }
  };
  receive(1000);
  // Each dies somewhere between claim and commit, some of them inside the mutex.
  for (int round = 0; round < 15; ++round) {
    Inmate victim(broker.socket(), publish_on);
    receive(500);
    victim.kill();
    receive(500);
  }
  EXPECT_EQ(received, 16'000u);
  EXPECT_TRUE(eventually([&] { return bus.channel("a").publishers.size() == 2; }));
}

TEST_F(Namespaces, AnOpenClaimOfOneThatDiesInAnotherPidNamespaceIsTakenBack) {
  bus.create("a", {.max_publishers = 2});
  Subscriber subscriber = bus.subscriber("a");
  Publisher publisher = bus.publisher("a");
  Inmate victim(broker.socket(), [](Bus& inside) {
    Publisher its = inside.publisher("a");
    const Claim claim = its.claim(100);
    its.publish({});  // behind the open claim: seen once that is aborted
    ::pause();
  });
  ASSERT_TRUE(eventually([&] { return bus.channel("a").channel.sequence == 2; }));
  ASSERT_EQ(publisher.publish(bytes("after")), Outcome::ok);
  EXPECT_FALSE(subscriber.try_receive());
  victim.kill();
  EXPECT_TRUE(subscriber.receive(kPatience));
  EXPECT_EQ(text(subscriber.receive(kPatience)), "after");
}

// ---- users of other namespaces ----

/// Becomes `uid`, and root of a user namespace of its own; unmapped it is nobody there.
void become_root_as(uid_t uid, bool mapped) {
  become({uid, uid});
  check(::prctl(PR_SET_DUMPABLE, 1), "prctl");  // or /proc/self is root's
  check(::unshare(CLONE_NEWUSER), "unshare");
  if (!mapped) return;
  std::ofstream("/proc/self/setgroups") << "deny" << std::flush;
  std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1" << std::flush;
  std::ofstream("/proc/self/gid_map") << "0 " << uid << " 1" << std::flush;
  if (::getuid() != 0) throw std::runtime_error("the user was not mapped");
}

bool user_namespaces_are_permitted() {
  return in_child([] {
           become_root_as(1001, true);
           return std::string("yes");
         }) == "yes";
}

constexpr const char* kForOthers = R"({"bus": {"socket_mode": "0666"},
    "channels": [{"name": "a", "publish": {"users": [1001]}, "subscribe": {"users": ["*"]}}]})";

class UserNamespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_become_others()) GTEST_SKIP() << "not root";
    if (!user_namespaces_are_permitted()) GTEST_SKIP() << "no user namespaces permitted here";
  }
};

TEST_F(UserNamespaces, ShowTheBrokerTheUserOutsideWhateverHeIsInside) {
  const TestBroker broker({.config = kForOthers, .for_others = true});
  for (const bool mapped : {true, false}) {
    const std::string told = in_child([&] {
      become_root_as(1001, mapped);
      Bus bus = broker.connect("root-inside");
      bus.publisher("a");
      bus.create("b");  // what root might
      return std::string("created");
    });
    EXPECT_THAT(told, HasSubstr("uid 1001 may not create channels")) << mapped;
  }
}

TEST_F(UserNamespaces, OfTheBrokerMakeUsersOutsideNobodyWhoIsRefusedInWords) {
  const TemporaryDirectory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0711));
  const std::string config = directory.path("busbard.json");
  std::ofstream(config) << kForOthers << std::flush;
  const std::string socket = directory.path("control.sock");
  Process broker({"unshare", "--user", "--map-root-user", BUSBARD_PATH, "--socket", socket,
                  "--config", config});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus")) << broker.stderr_text();
  const auto joins = [&] {
    Bus bus = Bus::connect({.socket = socket});
    bus.subscriber("a");
    return std::string("joined");
  };
  EXPECT_EQ(in_child(joins), "joined");  // root outside is the namespace's root
  EXPECT_THAT(as_user({1001, 1001}, joins),
              AllOf(HasSubstr("may not join this bus"), HasSubstr("another user namespace")));
}

}  // namespace
}  // namespace busbar::test
