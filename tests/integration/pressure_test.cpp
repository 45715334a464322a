#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // its own memory and descriptors are in the way
#else
constexpr bool kSanitized = false;
#endif

/// A broker that a shell has put into want.
class Pressure : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a sanitizer has needs of its own";
    std::ofstream(directory_.path("busbard.json"))
        << R"({"limits": {"memory": "1TiB"}})" << std::flush;
  }

  Process start(const std::string& preparation, std::vector<std::string> argv = {}) {
    const std::string script = preparation + R"( && exec "$0" --socket "$1" --config "$2")";
    for (const std::string& word :
         {std::string("/bin/sh"), std::string("-c"), script, std::string(BUSBARD_PATH), socket(),
          directory_.path("busbard.json")}) {
      argv.push_back(word);
    }
    return Process(argv);
  }
  std::string socket() const { return directory_.path("control.sock"); }

  static control::ChannelSettings settings(std::uint64_t capacity, const std::string& segment) {
    control::ChannelSettings settings;
    settings.capacity = capacity;
    settings.segment = segment;
    return settings;
  }
  static std::size_t descriptors(const Process& process) {
    const std::filesystem::directory_iterator entries("/proc/" + std::to_string(process.pid()) +
                                                      "/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  /// Asks for what cannot be had: it has to be refused in words, cost nothing, and leave the rest
  /// possible.
  static std::string refused(const Process& broker, RawClient& client, std::uint64_t capacity,
                             const std::string& segment) {
    const std::size_t before = descriptors(broker);
    const std::string text =
        client.ask(control::Create{"big", settings(capacity, segment)}).failure().text;
    const auto report = client.ask(control::Broker{});
    EXPECT_EQ(report.as<control::BrokerReport>().memory, 0u);
    EXPECT_EQ(report.as<control::BrokerReport>().channels, 0u);
    EXPECT_EQ(descriptors(broker), before);
    client.ask(control::Create{"small", settings(65536, segment)}).as<control::Created>();
    return text;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Pressure, OfAFullSharedMemoryIsToldAndLeavesNothing) {
  Process broker = start("mount -t tmpfs -o size=1m none /dev/shm", {"unshare", "--mount"});
  if (!broker.wait_for_stderr("serves bus")) GTEST_SKIP() << broker.stderr_text();
  RawClient client(socket());
  EXPECT_THAT(refused(broker, client, 4 << 20, "named"),
              AllOf(HasSubstr("channel \"big\": channel segment of"),
                    HasSubstr("does not fit into /dev/shm"), HasSubstr("remount,size=")));
}

TEST_F(Pressure, OfMemoryThatIsNotThereIsToldBeforeAnybodyIsKilled) {
  Process broker = start("true");
  ASSERT_TRUE(broker.wait_for_stderr("serves bus")) << broker.stderr_text();
  std::uint64_t available = 0;
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    if (word == "MemAvailable:") file >> available;
  }
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 38;
  if (available * 1024 > kLargest) GTEST_SKIP() << "this machine has room for the largest channel";
  RawClient client(socket());
  EXPECT_THAT(refused(broker, client, kLargest, "sealed"),
              AllOf(HasSubstr("channel \"big\": channel segment of"),
                    HasSubstr("does not fit into memory: "), HasSubstr(" available")));
}

TEST_F(Pressure, OfAddressSpaceIsToldAndLeavesNothing) {
  Process broker = start("ulimit -v 500000");
  ASSERT_TRUE(broker.wait_for_stderr("serves bus")) << broker.stderr_text();
  RawClient client(socket());
  for (const char* segment : {"named", "sealed"}) {
    EXPECT_THAT(refused(broker, client, 256 << 20, segment),
                AllOf(HasSubstr("channel \"big\": mmap of"), HasSubstr("Cannot allocate memory")));
    client.ask(control::Remove{"small"}).as<control::Done>();
    // The memory goes back behind the answer.
    EXPECT_TRUE(eventually(
        [&] { return client.ask(control::Broker{}).as<control::BrokerReport>().memory == 0; }));
  }
}

TEST_F(Pressure, OfDescriptorsIsToldToWhoCreatesAndEndsWithTheCause) {
  Process broker = start("ulimit -n 40");
  ASSERT_TRUE(broker.wait_for_stderr("serves bus")) << broker.stderr_text();
  RawClient client(socket());
  std::size_t made = 0;
  std::string told;
  while (told.empty() && made < 40) {
    const auto answer = client.ask(control::Create{"c" + std::to_string(made),
                                                   settings(65536, made % 2 ? "named" : "sealed")});
    if (std::holds_alternative<control::Created>(answer.reply.body)) {
      ++made;
    } else {
      told = answer.failure().text;
    }
  }
  EXPECT_THAT(told, HasSubstr("Too many open files"));
  ASSERT_GT(made, 2u);
  const auto report = client.ask(control::Broker{});
  EXPECT_EQ(report.as<control::BrokerReport>().channels, made);
  for (std::size_t i = 0; i < made; ++i) {
    client.ask(control::Remove{"c" + std::to_string(i)}).as<control::Done>();
  }
  EXPECT_TRUE(eventually(
      [&] { return client.ask(control::Broker{}).as<control::BrokerReport>().memory == 0; }));
  client.ask(control::Create{"again", settings(65536, "named")}).as<control::Created>();
  RawClient other(socket());  // and others are let in again
}

}  // namespace
}  // namespace busbar::test
