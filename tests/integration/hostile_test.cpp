#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <busbar/busbar.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/control/codec.hpp"
#include "common/control/packet_socket.hpp"
#include "tests/support/child.hpp"
#include "tests/support/load.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

namespace fs = std::filesystem;
using control::Role;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // slow, and with memory and descriptors of its own
#else
constexpr bool kSanitized = false;
#endif

constexpr std::uint64_t kLongestTurnUs = 10'000;

std::size_t descriptors(pid_t pid) {
  const fs::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// The longest turn of all is the machine's matter too (a hypervisor that lets others run leaves no
/// trace): it is judged where somebody sees to a quiet machine, the 99th percentile everywhere.
bool longest_counts() {
  return std::getenv("BUSBAR_QUIET_MACHINE") != nullptr;
}

/// The number behind `key` in the first thread's status.
std::uint64_t status_of(pid_t pid, const std::string& key) {
  const std::string thread = std::to_string(pid);
  std::ifstream file("/proc/" + thread + "/task/" + thread + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size()));
  }
  return 0;
}

std::uint64_t resident_kib(pid_t pid) {
  return status_of(pid, "VmRSS:");
}

/// What others on the machine do to a process's first thread.
struct Preemption {
  std::uint64_t switches = 0;
  std::uint64_t waited_us = 0;  // ready to run, with no processor

  static Preemption of(pid_t pid) {
    const std::string thread = std::to_string(pid);
    std::ifstream file("/proc/" + thread + "/task/" + thread + "/schedstat");
    std::uint64_t ran = 0;
    std::uint64_t waited = 0;
    file >> ran >> waited;
    return {status_of(pid, "nonvoluntary_ctxt_switches:"), waited / 1000};
  }
};

/// So that a long turn is the broker's own doing and not that of whoever else wants the processor,
/// as far as that is permitted.
void put_first(pid_t pid) {
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    const sched_param first{1};
    const auto thread = static_cast<pid_t>(std::stol(task.path().filename().string()));
    ::sched_setscheduler(thread, SCHED_FIFO, &first);
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// A broker with well-behaved clients; whatever a test does to it, they are served all the while
/// and nothing is left of it.
class Hostile : public testing::Test {
 protected:
  void SetUp() override {
    raise_descriptor_limit();
    put_first(pid());
    preempted_ = Preemption::of(pid());
    idle_ = idle_descriptors();
    load_ = std::make_unique<Load>(socket());
    ASSERT_TRUE(load_->goes_on(20));
    // What the first clients cost is no growth: buffers, the page of the first session.
    before_ = resident_kib(pid());
  }

  void TearDown() override {
    ASSERT_TRUE(load_->goes_on(20));
    const auto health = RawClient(socket(), "judge").ask(control::Broker{});
    const auto& report = health.as<control::BrokerReport>();
    std::cout << "turns: " << report.loop_turns << ", p99 " << report.loop_p99_us << " us, longest "
              << report.loop_max_us << " us; an answer took " << load_->longest_us()
              << " us at most\n";
    if (!kSanitized) {
      EXPECT_LT(report.loop_p99_us, kLongestTurnUs);
      const std::uint64_t excuse = excuse_us();
      if (longest_counts()) {
        EXPECT_LT(report.loop_max_us, kLongestTurnUs + excuse);
      }
    }
    load_.reset();
    // Again and again: one that was asked for last may still be in the making.
    EXPECT_TRUE(eventually([&] {
      remove_other_channels();
      return descriptors(pid()) <= idle_;
    })) << descriptors(pid())
        << " descriptors, " << idle_ << " before";
    if (!kSanitized) {
      EXPECT_LT(resident_kib(pid()), before_ + 4096);
    }
    EXPECT_EQ(broker_.stop(), 0);
  }

  const std::string& socket() const { return broker_.socket(); }
  pid_t pid() { return broker_.process().pid(); }
  TestBroker& broker() { return broker_; }
  Load& load() { return *load_; }

  /// While it goes on; for a second.
  template <class Body>
  void keep_on(Body body) {
    const auto end = Clock::now() + 1s;
    while (Clock::now() < end) body();
  }

 private:
  /// A turn in which the processor was taken away says nothing of the broker. One that slept, or
  /// worked for too long, has no such excuse.
  std::uint64_t excuse_us() {
    const Preemption now = Preemption::of(pid());
    if (now.switches == preempted_.switches) return 0;
    const std::uint64_t waited = now.waited_us - preempted_.waited_us;
    std::cout << "preempted " << now.switches - preempted_.switches << " times; waited " << waited
              << " us for a processor\n";
    return waited;
  }
  /// With one channel and no client.
  std::size_t idle_descriptors() {
    RawClient only(socket(), "only");
    only.ask(control::Create{"steady", {}}).as<control::Created>();
    EXPECT_TRUE(eventually(
        [&] { return only.ask(control::Broker{}).as<control::BrokerReport>().clients == 1; }));
    constexpr std::size_t kItsOwn = 2;
    return descriptors(pid()) - kItsOwn;
  }
  void remove_other_channels() {
    Bus bus = broker_.connect();
    for (const ChannelInfo& channel : bus.channels()) {
      if (channel.name != "steady") bus.remove(channel.name, true);
    }
  }

  TestBroker broker_{{.config = R"({"limits": {"clients": 4000}})"}};
  std::size_t idle_ = 0;
  std::uint64_t before_ = 0;
  Preemption preempted_;
  std::unique_ptr<Load> load_;
};

std::string request(std::uint64_t id, control::RequestBody body) {
  return control::encode(control::Request{id, std::move(body)});
}

std::string hello_packet() {
  return request(1, RawClient::hello("hostile"));
}

/// Sends as a first packet; the broker has to end this, whatever it is.
void expect_dropped(const std::string& socket, const std::string& packet) {
  RawClient client = RawClient::silent(socket);
  client.try_send(packet);
  EXPECT_TRUE(client.wait_for_hangup()) << packet.substr(0, 100);
}

TEST_F(Hostile, GarbageEndsOnlyWhoSendsIt) {
  std::mt19937 random(1);
  keep_on([&] {
    std::string packet(random() % 60000 + 1, '\0');
    for (char& byte : packet) byte = static_cast<char>(random());
    expect_dropped(socket(), packet);
    const std::string whole = hello_packet();
    expect_dropped(socket(), whole.substr(0, random() % (whole.size() - 1) + 1));
    RawClient welcomed(socket(), "vandal");
    welcomed.try_send(packet);
    EXPECT_TRUE(welcomed.wait_for_hangup());
  });
}

TEST_F(Hostile, PacketsThatAreTooLongEndOnlyWhoSendsThem) {
  const std::string packet = hello_packet() + std::string(70'000, ' ');
  keep_on([&] { expect_dropped(socket(), packet); });
}

TEST_F(Hostile, JsonBombsCostNoMoreThanTheirBytes) {
  const auto repeated = [](const std::string& text) {
    std::string all;
    while (all.size() + text.size() < 16'000) all += text;
    return all;
  };
  std::string keys;
  for (int i = 0; keys.size() < 16'000; ++i) keys += "\"k" + std::to_string(i) + "\":1,";
  const std::string start = R"({"id":1,"request":"create","channel":"a","settings":)";
  const std::vector<std::string> bombs{
      std::string(65'000, '['),
      repeated("{\"a\":"),
      repeated("[{\"a\":"),
      "{" + keys + "\"id\":1}",
      "{\"id\":" + std::string(16'000, '9') + "}",
      "{\"id\":1e" + std::string(16'000, '9') + "}",
      "{\"id\":1,\"request\":\"" + std::string(16'000, 'x') + "\"}",
      "{\"id\":1,\"request\":\"" + repeated("\\u0000") + "\"}",
      start + "{\"publish\":{\"users\":[" + repeated("1,") + "1]}}}",
      start + "{\"publish\":{\"users\":[" + repeated("[],") + "1]}}}",
      hello_packet().substr(0, hello_packet().size() - 1) + std::string(15'000, ' ') + "}",
  };
  std::vector<RawClient> senders;
  keep_on([&] {
    senders.clear();
    for (std::size_t i = 0; i < 8 * bombs.size(); ++i) senders.emplace_back(socket());
    // All at once, so that one turn has to do with many.
    for (std::size_t i = 0; i < senders.size(); ++i) senders[i].try_send(bombs[i % bombs.size()]);
    for (RawClient& sender : senders) sender.receive().failure();
  });
}

TEST_F(Hostile, LongNamesAreRefusedInWordsOfBoundedLength) {
  RawClient client(socket(), "namer");
  const std::string name(16'000, 'x');
  keep_on([&] {
    EXPECT_LT(client.ask(control::Open{name, Role::publisher}).failure().text.size(), 4097u);
    EXPECT_LT(client.ask(control::Show{name}).failure().text.size(), 4097u);
    EXPECT_LT(client.ask(control::Remove{name}).failure().text.size(), 4097u);
  });
}

TEST_F(Hostile, VersionGamesAreAnsweredInWords) {
  const auto answer_to = [&](control::Hello hello) {
    RawClient client = RawClient::silent(socket());
    client.send_request(hello);
    const auto answer = client.receive();
    EXPECT_TRUE(client.wait_for_hangup());
    return answer.failure().text;
  };
  for (const int protocol : {0, -1, 2, 1 << 30}) {
    control::Hello hello = RawClient::hello();
    hello.protocol = protocol;
    EXPECT_FALSE(answer_to(hello).empty());
  }
  for (const std::uint32_t layout : {0u, 1'000u, ~0u}) {
    control::Hello hello = RawClient::hello();
    hello.layout_from = hello.layout_to = layout;
    EXPECT_THAT(answer_to(hello), HasSubstr("layouts"));
  }
  control::Hello inverted = RawClient::hello();
  std::swap(inverted.layout_from = 9, inverted.layout_to = 0);
  RawClient client = RawClient::silent(socket());
  client.send_request(inverted);
  client.receive();  // whatever it says
}

TEST_F(Hostile, FloodsOfRightRequestsWithoutReadingHoldNobodyUp) {
  const Child flooder([&] {
    std::vector<RawClient> flood;
    for (int i = 0; i < 32; ++i) flood.emplace_back(socket(), "flood-" + std::to_string(i));
    const std::vector<std::string> packets{
        request(2, control::List{}), request(3, control::Broker{}), request(4, control::Clients{}),
        request(5, control::Show{"steady"}),
        request(6, control::Open{"flooded", Role::subscriber})};
    for (;;) {
      for (RawClient& client : flood) {
        for (const std::string& packet : packets) client.try_send(packet);
      }
    }
  });
  ASSERT_TRUE(load().goes_on(200));
}

TEST_F(Hostile, FloodsOfRightRequestsWithReadingHoldNobodyUp) {
  std::vector<Child> flood;
  for (int i = 0; i < 4; ++i) {
    flood.emplace_back([&] {
      RawClient client(socket(), "flood");
      for (;;) {
        client.ask(control::List{});
        client.ask(control::Clients{});
        client.ask(control::Show{"steady"});
      }
    });
  }
  ASSERT_TRUE(load().goes_on(100));
}

TEST_F(Hostile, ThreeThousandConnectionsAtOnceAreServed) {
  std::vector<RawClient> crowd;
  for (int i = 0; i < 3000; ++i) {
    crowd.push_back(RawClient::silent(socket()));
    crowd.back().send(hello_packet());
  }
  for (RawClient& client : crowd) client.receive().as<control::Welcome>();
  ASSERT_TRUE(load().goes_on(10));
  for (RawClient& client : crowd) client.send(request(2, control::Open{"steady", Role::publisher}));
  for (RawClient& client : crowd) client.receive().failure();
}

TEST_F(Hostile, TenThousandSessionsOneAfterTheOtherLeaveNothing) {
  const int count = kSanitized ? 1000 : 10'000;
  for (int i = 0; i < count; ++i) RawClient(socket(), "passer-by");
}

TEST_F(Hostile, ConnectAndCloseStormsLeaveNothing) {
  std::vector<Child> storm;
  for (int i = 0; i < 3; ++i) {
    storm.emplace_back([&] {
      for (;;) {
        RawClient::silent(socket());
        RawClient::silent(socket()).send(hello_packet());
        RawClient half = RawClient::silent(socket());
        half.send(hello_packet());
        half.send(request(2, control::Open{"stormy", Role::subscriber}));
      }
    });
  }
  keep_on([&] { load().goes_on(1); });
}

TEST_F(Hostile, SilentSessionsAreDroppedAndSaidSo) {
  std::vector<RawClient> silent;
  for (int i = 0; i < 500; ++i) silent.push_back(RawClient::silent(socket()));
  for (RawClient& client : silent) EXPECT_TRUE(client.wait_for_hangup());
  EXPECT_TRUE(broker().process().wait_for_stderr("dropped: no hello within 5s"));
  EXPECT_TRUE(broker().process().wait_for_stderr("no more of these for a minute"));
}

TEST_F(Hostile, ForgedRequestsReachNobodyElsesPlaces) {
  RawClient forger(socket(), "forger");
  forger.ask(control::Create{"guarded", {}}).as<control::Created>();
  const Child owner([&] {
    RawClient client(socket(), "owner");
    client.ask(control::Open{"guarded", Role::publisher}).as<control::Opened>();
    ::raise(SIGSTOP);
  });
  ASSERT_TRUE(owner.stops());
  // Of a new channel these are known: ids and grants count from 1.
  std::mt19937_64 random(1);
  keep_on([&] {
    for (const std::uint64_t channel : {std::uint64_t{1}, std::uint64_t{2}, random()}) {
      for (const std::uint64_t grant : {std::uint64_t{1}, std::uint64_t{2}, random()}) {
        for (const std::uint32_t index : {0u, 1u, 64u, ~0u}) {
          forger.send(request(0, control::Leave{channel, Role::publisher, index, grant}));
          forger.send(request(0, control::Leave{channel, Role::subscriber, index, grant}));
        }
      }
    }
    forger.ask(control::Show{"guarded", ~0u}).as<control::ChannelShown>();
    forger.ask(control::List{std::string(100, '\x7f')}).as<control::ChannelList>();
    forger.ask(control::Clients{~std::uint64_t{0}}).as<control::ClientList>();
  });
  const auto shown = forger.ask(control::Show{"guarded"});
  ASSERT_EQ(shown.as<control::ChannelShown>().publishers.size(), 1u);
  EXPECT_EQ(shown.as<control::ChannelShown>().publishers[0].name, "owner");
}

TEST_F(Hostile, StoppedClientsHoldNobodyUp) {
  std::vector<Child> stopped;
  for (int i = 0; i < 20; ++i) {
    stopped.emplace_back([&] {
      RawClient client(socket(), "stopped");
      client.send(request(2, control::Open{"frozen", Role::subscriber}));
      client.send(request(3, control::Open{"frozen", Role::subscriber}));
      ::raise(SIGSTOP);
    });
  }
  for (const Child& child : stopped) ASSERT_TRUE(child.stops());
  ASSERT_TRUE(load().goes_on(50));
}

TEST_F(Hostile, AClientThatHoldsThousandsOfPlacesEndsWithoutAStall) {
  Bus bus = broker().connect();
  const int channels = 16;
  for (int i = 0; i < channels; ++i) {
    bus.create("many-" + std::to_string(i),
               {.capacity = 4096, .max_publishers = 64, .max_subscribers = 256});
  }
  Child hoarder([&] {
    RawClient client(socket(), "hoarder");
    for (int i = 0; i < channels; ++i) {
      const std::string channel = "many-" + std::to_string(i);
      for (int n = 0; n < 64; ++n) client.ask(control::Open{channel, Role::publisher});
      for (int n = 0; n < 256; ++n) client.ask(control::Open{channel, Role::subscriber});
    }
    ::raise(SIGSTOP);
  });
  ASSERT_TRUE(hoarder.stops());
  hoarder.signal(SIGKILL);
  ASSERT_TRUE(eventually([&] { return bus.channel("many-0").channel.subscribers == 0; }));
  for (int i = 0; i < channels; ++i) bus.remove("many-" + std::to_string(i));
}

// ---- descriptors that are sent to the broker ----

/// A TCP connection whose close waits for 10 seconds: its peer takes nothing in.
class Lingering {
 public:
  Lingering() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::bind(listener_.get(), generic, size);
    ::listen(listener_.get(), 1);
    ::getsockname(listener_.get(), generic, &size);
    socket_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket_.get(), generic, size) != 0) throw std::runtime_error("loopback");
    const linger wait{1, 10};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait);
    const std::vector<char> much(1 << 20);
    while (::send(socket_.get(), much.data(), much.size(), MSG_DONTWAIT) > 0) {
    }
  }
  int fd() const { return socket_.get(); }
  /// Leaves the only copy to whoever has received it; if nobody has, it does not linger.
  void give_away(bool taken) {
    const linger none{1, 0};
    if (!taken) ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    socket_.reset();
  }

 private:
  UniqueFd listener_;
  UniqueFd socket_;
};

/// Whether the kernel took it.
bool send_descriptor(int socket, const std::string& packet, int descriptor) {
  iovec piece{const_cast<char*>(packet.data()), packet.size()};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

TEST_F(Hostile, DescriptorsSentToTheBrokerNeverArrive) {
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::size_t before = descriptors(pid());
  std::vector<RawClient> senders;
  for (int i = 0; i < 100; ++i) {
    senders.emplace_back(socket());
    send_descriptor(senders.back().fd(), request(2, control::List{}), file.get());
  }
  ASSERT_TRUE(load().goes_on(20));
  // Two a client, and what the load has open.
  EXPECT_LT(descriptors(pid()), before + 2 * senders.size() + 20);
}

TEST_F(Hostile, ASocketWhoseCloseBlocksDoesNotBlockTheBroker) {
  std::vector<RawClient> senders;
  bool taken = false;
  for (int i = 0; i < 10; ++i) {
    Lingering lingering;
    RawClient silent = RawClient::silent(socket());
    taken = send_descriptor(silent.fd(), hello_packet(), lingering.fd()) || taken;
    senders.emplace_back(socket());
    taken = send_descriptor(senders.back().fd(), "garbage", lingering.fd()) || taken;
    lingering.give_away(taken);
  }
  if (taken) GTEST_SKIP() << "this kernel cannot refuse descriptors (SO_PASSRIGHTS, Linux 6.16)";
  ASSERT_TRUE(load().goes_on(50));
}

}  // namespace
}  // namespace busbar::test
