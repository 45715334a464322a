// Huge pages, NUMA nodes, locked memory and prefaulting as real brokers and clients have them, and
// what they say where the machine refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/shm/huge_pages.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/raw_client.hpp"

namespace busbar::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// AddressSanitizer has mlock and mlockall do nothing and say that they did, and pages of its own
// for what is touched.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kLocksAreIgnored = true;
constexpr bool kHasShadowPages = true;
#else
constexpr bool kLocksAreIgnored = false;
constexpr bool kHasShadowPages = false;
#endif

constexpr std::uint64_t kCapacity = 8 * shm::kHugePage;

std::uint64_t status_of(pid_t pid, const std::string& key) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1)) * 1024;
  }
  return 0;
}

/// A broker that may not use huge pages, by a switch that children inherit.
class WithoutHugePages {
 public:
  WithoutHugePages() { ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }
  ~WithoutHugePages() { ::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0); }
};

/// Runs busbard with this limit of RLIMIT_MEMLOCK and, as root, without the right to pass it.
std::string with_memlock(const TemporaryDirectory& directory, const std::string& bytes) {
  const std::string path = directory.path("busbard-memlock");
  const std::string drop =
      ::geteuid() == 0 ? "setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock " : "";
  std::ofstream(path) << "#!/bin/sh\nexec prlimit --memlock=" << bytes << ":" << bytes << " "
                      << drop << BUSBARD_PATH << " \"$@\"\n";
  std::filesystem::permissions(path, std::filesystem::perms(0700));
  return path;
}

std::uint64_t page_faults() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<std::uint64_t>(used.ru_minflt);
}

TEST(MemoryOptions, AreOffByDefault) {
  const TestBroker broker;
  const ChannelInfo channel = broker.connect().create("c", {.capacity = kCapacity});
  EXPECT_EQ(channel.huge_pages, "off");
  EXPECT_EQ(channel.huge_bytes, 0u);
  EXPECT_EQ(channel.numa_node, std::nullopt);
  EXPECT_FALSE(channel.lock_memory);
  EXPECT_THAT(channel.fallbacks, IsEmpty());
}

TEST(HugePagesOption, IsGrantedOrSaysWhyNot) {
  const TestBroker broker;
  const ChannelInfo channel =
      broker.connect().create("c", {.capacity = kCapacity, .huge_pages = "try"});
  EXPECT_EQ(channel.huge_pages, "try");
  if (channel.fallbacks.empty()) {
    EXPECT_EQ(channel.huge_bytes, kCapacity);
  } else {
    EXPECT_LT(channel.huge_bytes, kCapacity);
    EXPECT_THAT(channel.fallbacks, ElementsAre(HasSubstr("huge pages: ")));
  }
}

TEST(HugePagesOption, ThatIsRefusedLeavesAChannelThatWorksAndIsToldInLogShowAndJson) {
  std::optional<TestBroker> broker;
  {
    const WithoutHugePages during;
    broker.emplace();
  }
  Bus bus = broker->connect();
  const ChannelInfo channel = bus.create("c", {.capacity = kCapacity, .huge_pages = "try"});
  EXPECT_EQ(channel.huge_bytes, 0u);
  EXPECT_THAT(channel.fallbacks, ElementsAre(HasSubstr("huge pages: ")));
  EXPECT_TRUE(broker->process().wait_for_stderr("not granted: huge pages: "));
  const std::vector<std::string> show{BUSBAR_CLI_PATH, "--socket", broker->socket(), "show", "c"};
  EXPECT_THAT(run(show).out, HasSubstr("not granted  huge pages: the kernel refuses"));
  Subscriber subscriber = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  const std::string text = "hello";
  EXPECT_EQ(publisher.publish(std::as_bytes(std::span(text))), Outcome::ok);
  EXPECT_EQ(subscriber.receive().payload().size(), text.size());
}

TEST(HugePagesOption, IsRefusedToAChannelThatIsSmallerThanOne) {
  const TestBroker broker;
  const ChannelInfo channel =
      broker.connect().create("c", {.capacity = 64 << 10, .huge_pages = "try"});
  EXPECT_THAT(channel.fallbacks, ElementsAre(HasSubstr("smaller than one of 2MiB")));
}

TEST(NumaNodeOption, IsGrantedOnANodeThatIsThere) {
  if (!std::filesystem::exists("/sys/devices/system/node/node0")) GTEST_SKIP() << "no NUMA";
  const TestBroker broker;
  const ChannelInfo channel = broker.connect().create("c", {.capacity = kCapacity, .numa_node = 0});
  EXPECT_EQ(channel.numa_node, 0u);
  EXPECT_THAT(channel.fallbacks, IsEmpty());
}

TEST(NumaNodeOption, OfANodeThatIsNotThereIsReportedAndTheChannelMade) {
  const TestBroker broker;
  const ChannelInfo channel =
      broker.connect().create("c", {.capacity = kCapacity, .numa_node = 1023});
  EXPECT_EQ(channel.numa_node, 1023u);
  EXPECT_THAT(channel.fallbacks, ElementsAre(HasSubstr("NUMA node 1023: ")));
  EXPECT_EQ(broker.connect().publisher("c").channel(), "c");
}

TEST(LockMemoryOption, LocksBothSegmentsInTheBroker) {
  if (kLocksAreIgnored) GTEST_SKIP();
  TestBroker broker;
  Bus bus = broker.connect();
  const ChannelInfo channel = bus.create("c", {.capacity = kCapacity, .lock_memory = true});
  if (!channel.fallbacks.empty()) GTEST_SKIP() << channel.fallbacks.front();
  EXPECT_EQ(status_of(broker.process().pid(), "VmLck"), channel.memory);
  bus.remove("c");
  EXPECT_TRUE(eventually([&] { return status_of(broker.process().pid(), "VmLck") == 0; }));
}

TEST(LockMemoryOption, BeyondTheLimitIsReportedWithTheLimitAndTheRemedy) {
  if (kLocksAreIgnored) GTEST_SKIP();
  const TemporaryDirectory directory;
  const TestBroker broker({.program = with_memlock(directory, "65536")});
  const ChannelInfo channel =
      broker.connect().create("c", {.capacity = kCapacity, .lock_memory = true});
  EXPECT_TRUE(channel.lock_memory);
  EXPECT_THAT(channel.fallbacks, ElementsAre(ContainsRegex("lock: .*64KiB.*LimitMEMLOCK")));
}

TEST(LockMemoryOption, IsReportedWhereNothingMayBeLocked) {
  if (kLocksAreIgnored) GTEST_SKIP();
  const TemporaryDirectory directory;
  const TestBroker broker({.program = with_memlock(directory, "0")});
  const ChannelInfo channel =
      broker.connect().create("c", {.capacity = kCapacity, .lock_memory = true});
  EXPECT_THAT(channel.fallbacks, ElementsAre(HasSubstr("LimitMEMLOCK")));
}

TEST(MemoryOptions, AreSettingsThatAnExistingChannelIsComparedBy) {
  const TestBroker broker;
  Bus bus = broker.connect();
  bus.create("c", {.huge_pages = "try", .numa_node = 0, .lock_memory = true});
  bus.create("c", {.huge_pages = "try", .numa_node = 0, .lock_memory = true});
  try {
    bus.create("c");
    FAIL() << "taken for the same";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("huge_pages is try, not off; numa_node is 0, not any; "
                                        "lock_memory is true, not false"));
  }
}

TEST(MemoryOptions, AreAskedForOnTheCommandLineAndShown) {
  const TestBroker broker;
  const std::vector<std::string> busbar{BUSBAR_CLI_PATH, "--socket", broker.socket()};
  auto create = busbar;
  create.insert(create.end(), {"create", "c", "--capacity", "8MiB", "--huge-pages", "try",
                               "--numa-node", "1023", "--lock-memory", "--json"});
  const Ran made = run(create);
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr("\"huge_pages\": \"try\""),
                              HasSubstr("\"numa_node\": 1023"), HasSubstr("\"lock_memory\": true"),
                              HasSubstr("\"NUMA node 1023: there is no node 1023")));
  auto show = busbar;
  show.insert(show.end(), {"show", "c"});
  EXPECT_THAT(run(show).out,
              AllOf(ContainsRegex("memory .*of it in huge pages, asked for: on NUMA node 1023, "
                                  "(asked for: )?locked\n"),
                    HasSubstr("\nnot granted  NUMA node 1023: ")));
}

TEST(MemoryOptions, AreShownAsAskedForAloneWhereTheyWereRefused) {
  if (kLocksAreIgnored) GTEST_SKIP();
  const TemporaryDirectory directory;
  const TestBroker broker({.program = with_memlock(directory, "0")});
  broker.connect().create("c", {.lock_memory = true});
  EXPECT_THAT(run({BUSBAR_CLI_PATH, "--socket", broker.socket(), "show", "c"}).out,
              ContainsRegex("memory .*, asked for: locked\nnot granted  lock: "));
}

TEST(MemoryOptions, AreTheBrokersDefaultsIfTheCommandLineDoesNotSay) {
  const TestBroker broker(
      {.config = R"({"defaults": {"huge_pages": "try", "lock_memory": true}})"});
  const std::vector<std::string> create{BUSBAR_CLI_PATH, "--socket", broker.socket(), "create"};
  const auto made = [&](std::vector<std::string> words) {
    words.insert(words.begin(), create.begin(), create.end());
    return run(words).out;
  };
  EXPECT_THAT(made({"a", "--json"}),
              AllOf(HasSubstr("\"lock_memory\": true"), HasSubstr("\"huge_pages\": \"try\"")));
  EXPECT_THAT(made({"b", "--json", "--no-lock-memory", "--huge-pages", "off"}),
              AllOf(HasSubstr("\"lock_memory\": false"), HasSubstr("\"huge_pages\": \"off\"")));
}

TEST(MemoryOptions, ThatAReloadChangesMakeAnewAChannelWithoutMembers) {
  const std::string before = R"({"channels": [{"name": "c", "capacity": "8MiB"}]})";
  const TestBroker broker({.config = before});
  RawClient client(broker.socket());
  client.ask(control::Show{"c"}).as<control::ChannelShown>();
  std::ofstream(broker.directory().path("busbard.json"), std::ios::trunc)
      << R"({"channels": [{"name": "c", "capacity": "8MiB", "numa_node": 1023}]})";
  EXPECT_THAT(client.ask(control::Reload{}).as<control::Reloaded>().changes,
              ElementsAre(HasSubstr("channel \"c\": numa_node any -> 1023 (made anew")));
  EXPECT_THAT(client.ask(control::Show{"c"}).as<control::ChannelShown>().channel.fallbacks,
              ElementsAre(HasSubstr("NUMA node 1023: ")));
}

TEST(MemoryOptions, GoOverToTheNextBrokerWhichCarriesThemOutAnew) {
  TestBroker broker;
  Bus bus = broker.connect();
  const ChannelOptions options{
      .capacity = kCapacity, .huge_pages = "try", .numa_node = 1023, .lock_memory = true};
  const ChannelInfo before = bus.create("c", options);
  const Publisher publisher = bus.publisher("c");
  broker.kill();
  broker.start();
  EXPECT_TRUE(eventually([&] { return !bus.channel("c").channel.fallbacks.empty(); }));
  const ChannelInfo after = bus.create("c", options);
  EXPECT_EQ(after.huge_bytes, before.huge_bytes);
  EXPECT_EQ(after.numa_node, 1023u);
  EXPECT_TRUE(after.lock_memory);
  EXPECT_THAT(after.fallbacks, Contains(HasSubstr("NUMA node 1023: there is no")));
  if (kLocksAreIgnored) return;
  EXPECT_EQ(status_of(broker.process().pid(), "VmLck"),
            before.fallbacks.size() == 1 ? before.memory : 0);
}

TEST(Prefault, FillsThePageTablesWhenTheRingIsOpened) {
  const TestBroker broker;
  broker.connect().create("c", {.capacity = kCapacity});
  Bus plain = broker.connect();
  Bus filled = Bus::connect({.name = "filled", .socket = broker.socket(), .prefault = true});
  std::uint64_t at = page_faults();
  { const Subscriber subscriber = plain.subscriber("c"); }
  const std::uint64_t opening = page_faults() - at;
  Subscriber subscriber = filled.subscriber("c");
  Publisher publisher = filled.publisher("c");
  EXPECT_GT(status_of(::getpid(), "RssShmem"), 4 * kCapacity);
  at = page_faults();
  std::vector<std::byte> message(kCapacity / 8);
  for (int i = 0; i < 16; ++i) {
    ASSERT_EQ(publisher.publish(message), Outcome::ok);
    ASSERT_EQ(subscriber.receive().payload().size(), message.size());
  }
  if (!kHasShadowPages) {
    EXPECT_LT(page_faults() - at, kCapacity / 4096 / 4) << opening;
  }
}

}  // namespace
}  // namespace busbar::test
