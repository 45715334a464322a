#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "common/control/codec.hpp"
#include "common/control/packet_socket.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using control::Open;
using control::Opened;
using control::Role;

/// The number behind `key` in a file of /proc.
std::uint64_t number_in(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size() + 1));
  }
  return 0;
}

std::uint64_t resident_kib(pid_t pid) {
  return number_in("/proc/" + std::to_string(pid) + "/status", "VmRSS:");
}

std::uint64_t context_switches(pid_t pid) {
  std::uint64_t sum = 0;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    sum += number_in(task.path() / "status", "voluntary_ctxt_switches:");
    sum += number_in(task.path() / "status", "nonvoluntary_ctxt_switches:");
  }
  return sum;
}

/// Processor time that a process has used, in clock ticks (100 a second).
std::uint64_t cpu_ticks(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::vector<std::string> words(std::istream_iterator<std::string>(fields), {});
  return std::stoull(words.at(11)) + std::stoull(words.at(12));
}

/// Nothing will come, so this is a measured span of time.
void watch_silence(const RawClient& client, std::chrono::milliseconds span) {
  EXPECT_FALSE(control::wait_readable(client.fd(), Deadline::after(span)));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // its own memory and descriptors are in the way
#else
constexpr bool kSanitized = false;
#endif

TEST(BrokerPressure, TakesLittleMemoryWithoutChannels) {
  if (kSanitized) GTEST_SKIP();
  TestBroker broker;
  EXPECT_LT(resident_kib(broker.process().pid()), 10u * 1024);
}

TEST(BrokerPressure, NeverWakesUpWhileAHundredClientsAreIdle) {
  TestBroker broker;
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) clients.emplace_back(broker.socket());
  watch_silence(clients[0], std::chrono::milliseconds(200));  // the last reply's own switches
  const std::uint64_t before = context_switches(broker.process().pid());
  watch_silence(clients[0], std::chrono::seconds(3));
  EXPECT_EQ(context_switches(broker.process().pid()), before);
}

TEST(BrokerPressure, AnswersOthersWhileOneClientAsksAndNeverReads) {
  if (kSanitized) GTEST_SKIP();
  TestBroker broker;
  RawClient greedy(broker.socket(), "greedy");
  RawClient other(broker.socket(), "other");
  const std::uint64_t before = resident_kib(broker.process().pid());
  const std::string packet = control::encode(control::Request{1, control::Broker{}});
  for (int i = 0; i < 10000; ++i) greedy.try_send(packet);
  for (int i = 0; i < 100; ++i) other.ask(control::Broker{}).as<control::BrokerReport>();
  EXPECT_LT(resident_kib(broker.process().pid()), before + 1024);
}

TEST(BrokerPressure, AnswersAllOnceAStuckClientReads) {
  TestBroker broker;
  RawClient greedy(broker.socket(), "greedy");
  const std::string packet = control::encode(control::Request{1, control::Broker{}});
  int sent = 0;
  while (control::wait_writable(greedy.fd(), Deadline::after(std::chrono::milliseconds(200)))) {
    if (greedy.try_send(packet)) ++sent;  // until the broker has stopped reading
  }
  for (int i = 0; i < sent; ++i) greedy.receive().as<control::BrokerReport>();
  greedy.ask(control::List{}).as<control::ChannelList>();
}

TEST(BrokerPressure, HasOneUnreadAnswerWithDescriptorsAClient) {
  TestBroker broker;
  RawClient hoarder(broker.socket(), "hoarder");
  RawClient other(broker.socket(), "other");
  for (int i = 0; i < 10; ++i) hoarder.send_request(Open{"quotes", Role::subscriber});
  const auto seats = [&] {
    const auto answer = other.ask(control::Clients{});
    return answer.as<control::ClientList>().clients.at(0).subscribers;
  };
  ASSERT_TRUE(eventually([&] { return seats() == 1; }));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(seats(), 1u);
  for (int i = 0; i < 10; ++i) {
    const auto answer = hoarder.receive();
    answer.as<Opened>();
    EXPECT_EQ(answer.descriptors.size(), 2u);
  }
}

TEST(BrokerPressure, SleepsWhileAnAnswerWithDescriptorsIsUnread) {
  TestBroker broker;
  RawClient hoarder(broker.socket(), "hoarder");
  RawClient other(broker.socket(), "other");
  for (int i = 0; i < 10; ++i) hoarder.send_request(Open{"quotes", Role::subscriber});
  ASSERT_TRUE(control::wait_readable(hoarder.fd(), Deadline::after(kPatience)));
  const std::uint64_t before = cpu_ticks(broker.process().pid());
  watch_silence(other, std::chrono::milliseconds(500));
  EXPECT_LE(cpu_ticks(broker.process().pid()), before + 5);
}

TEST(BrokerPressure, LetsClientsWaitWhenItHasNoDescriptorsLeft) {
  if (kSanitized) GTEST_SKIP();
  TestBroker broker;
  const std::string socket = broker.directory().path("small.sock");
  Process small(
      {"/bin/sh", "-c", "ulimit -n 40; exec \"$0\" --socket \"$1\"", BUSBARD_PATH, socket});
  ASSERT_TRUE(small.wait_for_stderr("serves bus"));
  std::vector<RawClient> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(RawClient::silent(socket));
    clients.back().send_request(RawClient::hello());
  }
  ASSERT_TRUE(small.wait_for_stderr("no descriptors left"));
  clients[0].receive().as<control::Welcome>();
  clients[0].ask(control::List{}).as<control::ChannelList>();
  const std::uint64_t before = cpu_ticks(small.pid());
  watch_silence(clients[0], std::chrono::milliseconds(500));
  EXPECT_LE(cpu_ticks(small.pid()), before + 5);
  for (auto& client : clients) {  // each that ends makes room for the next
    if (&client != &clients[0]) client.receive().as<control::Welcome>();
    client.close();
  }
}

}  // namespace
}  // namespace busbar::test
