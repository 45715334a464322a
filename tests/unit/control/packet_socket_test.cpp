#include "common/control/packet_socket.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>
#include <thread>

#include "common/base/error.hpp"
#include "common/control/messages.hpp"

namespace busbar::control {
namespace {

using namespace std::chrono_literals;
using Kind = Received::Kind;

struct Pair {
  Pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    broker = UniqueFd(ends[0]);
    client = UniqueFd(ends[1]);
  }
  UniqueFd broker;
  UniqueFd client;
};

UniqueFd some_file() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

void ignore_signal(int) {}

TEST(PacketSocket, CarriesPacketsWhole) {
  const Pair pair;
  EXPECT_EQ(send_packet(pair.client.get(), "one"), SendResult::sent);
  EXPECT_EQ(send_packet(pair.client.get(), std::string("t\0o", 3)), SendResult::sent);
  EXPECT_EQ(receive_packet(pair.broker.get(), false).packet, "one");
  EXPECT_EQ(receive_packet(pair.broker.get(), false).packet, std::string("t\0o", 3));
}

TEST(PacketSocket, CarriesALargestPacket) {
  const Pair pair;
  const std::string packet(kLargestPacket, 'x');
  ASSERT_EQ(send_packet(pair.client.get(), packet), SendResult::sent);
  const Received received = receive_packet(pair.broker.get(), false);
  EXPECT_EQ(received.kind, Kind::packet);
  EXPECT_EQ(received.packet, packet);
}

TEST(PacketSocket, TellsALongerPacketFromAWholeOne) {
  const Pair pair;
  ASSERT_EQ(send_packet(pair.client.get(), std::string(kLargestPacket + 1, 'x')), SendResult::sent);
  EXPECT_EQ(receive_packet(pair.broker.get(), false).kind, Kind::too_long);
}

TEST(PacketSocket, DoesNotWaitForAPacket) {
  const Pair pair;
  EXPECT_EQ(receive_packet(pair.broker.get(), false).kind, Kind::would_block);
}

TEST(PacketSocket, DoesNotWaitForRoom) {
  const Pair pair;
  const std::string packet(kLargestPacket, 'x');
  SendResult result = SendResult::sent;
  for (int i = 0; i < 100 && result == SendResult::sent; ++i) {
    result = send_packet(pair.client.get(), packet);
  }
  EXPECT_EQ(result, SendResult::would_block);
}

TEST(PacketSocket, HandsOverTheLastPacketsBeforeItSaysGone) {
  Pair pair;
  send_packet(pair.client.get(), "last");
  pair.client.reset();
  EXPECT_EQ(receive_packet(pair.broker.get(), false).packet, "last");
  EXPECT_EQ(receive_packet(pair.broker.get(), false).kind, Kind::gone);
}

TEST(PacketSocket, SendsToNobodyWithoutASignal) {
  Pair pair;
  pair.client.reset();
  EXPECT_EQ(send_packet(pair.broker.get(), "hello?"), SendResult::gone);
}

TEST(PacketSocket, HandsOverDescriptorsThatAnExecCloses) {
  const Pair pair;
  const UniqueFd file = some_file();
  const int both[] = {file.get(), file.get()};
  ASSERT_EQ(send_packet(pair.broker.get(), "two", both), SendResult::sent);
  const Received received = receive_packet(pair.client.get(), true);
  ASSERT_EQ(received.descriptors.size(), 2u);
  for (const UniqueFd& fd : received.descriptors) {
    EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
  }
}

TEST(PacketSocket, RefusesDescriptorsFromAClient) {
  const Pair pair;
  const UniqueFd file = some_file();
  const int one[] = {file.get()};
  ASSERT_EQ(send_packet(pair.client.get(), "here", one), SendResult::sent);
  const std::size_t before = open_descriptors();
  const Received received = receive_packet(pair.broker.get(), false);
  EXPECT_EQ(received.packet, "here");
  EXPECT_TRUE(received.descriptors.empty());
  EXPECT_EQ(open_descriptors(), before);
}

TEST(PacketSocket, ClosesDescriptorsThatNobodyTakes) {
  const Pair pair;
  const UniqueFd file = some_file();
  const int one[] = {file.get()};
  ASSERT_EQ(send_packet(pair.broker.get(), "x", one), SendResult::sent);
  const std::size_t before = open_descriptors();
  receive_packet(pair.client.get(), true);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(PacketSocket, StopsWaitingAtTheDeadline) {
  const Pair pair;
  EXPECT_FALSE(wait_readable(pair.broker.get(), Deadline::after(10ms)));
}

TEST(PacketSocket, WaitsUntilAPacketIsThere) {
  const Pair pair;
  std::thread sender([&] { send_packet(pair.client.get(), "x"); });
  EXPECT_TRUE(wait_readable(pair.broker.get(), Deadline::never()));
  sender.join();
}

TEST(PacketSocket, WakesWhenTheOtherEndIsClosed) {
  Pair pair;
  pair.client.reset();
  EXPECT_TRUE(wait_readable(pair.broker.get(), Deadline::never()));
}

TEST(PacketSocket, ResumesAWaitThatASignalInterrupts) {
  struct sigaction action {};
  action.sa_handler = ignore_signal;  // without SA_RESTART
  ::sigaction(SIGUSR1, &action, nullptr);
  const Pair pair;
  const pthread_t waiter = ::pthread_self();
  std::thread disturber([&] {
    for (int i = 0; i < 100; ++i) ::pthread_kill(waiter, SIGUSR1);
    send_packet(pair.client.get(), "x");
  });
  EXPECT_TRUE(wait_readable(pair.broker.get(), Deadline::never()));
  disturber.join();
}

TEST(PacketSocket, SaysWhyItCannotConnect) {
  try {
    connect_to("/nonexistent/control.sock", Deadline::never());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::system);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("/nonexistent/control.sock: No such file"));
  }
}

TEST(PacketSocket, RefusesAPathThatNoSocketCanHave) {
  EXPECT_THROW(connect_to(std::string(200, 'x'), Deadline::never()), Error);
  EXPECT_THROW(connect_to("", Deadline::never()), Error);
}

}  // namespace
}  // namespace busbar::control
