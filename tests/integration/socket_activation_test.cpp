#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "common/control/codec.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;

/// busbard with these descriptors handed over to it, or to process `pid`.
Process start(const std::vector<int>& sockets, const std::vector<std::string>& arguments = {},
              const std::string& pid = "$$", std::vector<std::string> environment = {}) {
  const std::string set_up = "LISTEN_PID=" + pid + " exec \"$0\" \"$@\"";
  std::vector<std::string> argv{"sh", "-c", set_up, BUSBARD_PATH};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  environment.push_back("LISTEN_FDS=" + std::to_string(sockets.size()));
  environment.push_back("BUSBAR_SOCKET");
  return Process(argv, {.environment = environment, .descriptors = sockets});
}

struct SocketActivation : ::testing::Test {
  TemporaryDirectory directory;
  std::string path = directory.path("activated.sock");
};

TEST_F(SocketActivation, ServesWhoConnectedBeforeTheStart) {
  const UniqueFd listening = listening_socket(path);
  RawClient early = RawClient::silent(path);
  early.send_request(RawClient::hello("early"));
  const Process broker = start({listening.get()});
  early.receive().as<control::Welcome>();
}

TEST_F(SocketActivation, ServesWhoComesLaterThereAndNowhereElse) {
  const UniqueFd listening = listening_socket(path);
  const std::string other = directory.path("other.sock");
  Process broker = start({listening.get()}, {"--socket", other});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  RawClient(path).ask(control::List{}).as<control::ChannelList>();
  EXPECT_FALSE(std::filesystem::exists(other));
  EXPECT_TRUE(broker.wait_for_stderr(other + " is not used"));
}

TEST_F(SocketActivation, LeavesTheSocketAsItWas) {
  const UniqueFd listening = listening_socket(path);
  ASSERT_EQ(::chmod(path.c_str(), 0625), 0);
  Process broker = start({listening.get()});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  EXPECT_TRUE(std::filesystem::exists(path + ".lock"));
  broker.kill(SIGTERM);
  ASSERT_EQ(broker.wait(), 0);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0625u);
  EXPECT_FALSE(std::filesystem::exists(path + ".lock"));
}

TEST_F(SocketActivation, IsServedByTheNextBrokerToo) {
  const UniqueFd listening = listening_socket(path);
  Process first = start({listening.get()});
  ASSERT_TRUE(first.wait_for_stderr("serves bus"));
  first.kill(SIGKILL);
  first.wait();
  const Process second = start({listening.get()});
  RawClient(path).ask(control::List{}).as<control::ChannelList>();
}

TEST_F(SocketActivation, NeedsNoLockFile) {
  const std::string folder = directory.path("gone");
  std::filesystem::create_directory(folder);
  const UniqueFd listening = listening_socket(folder + "/s");
  RawClient early = RawClient::silent(folder + "/s");
  early.send_request(RawClient::hello("early"));
  std::filesystem::remove_all(folder);
  Process broker = start({listening.get()});
  early.receive().as<control::Welcome>();
  EXPECT_TRUE(broker.wait_for_stderr("without it nothing is left for a next broker"));
}

TEST_F(SocketActivation, TakesMemoryThatWasKeptBesideTheSocket) {
  const UniqueFd listening = listening_socket(path);
  const UniqueFd memory(::memfd_create("kept", MFD_CLOEXEC));
  Process broker = start({memory.get(), listening.get(), memory.get()});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  RawClient(path).ask(control::List{}).as<control::ChannelList>();
}

TEST_F(SocketActivation, TakesAsManyAsAFullStoreHas) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < 17000) GTEST_SKIP() << "17000 open descriptors are not allowed here";
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  const UniqueFd listening = listening_socket(path);
  const UniqueFd memory(::memfd_create("kept", MFD_CLOEXEC));
  std::vector<int> descriptors(8192, memory.get());
  descriptors.push_back(listening.get());
  std::string names;
  for (int i = 0; i < 8192; ++i) names += "c" + std::to_string(1'000'000'000'000 + i) + ":";
  Process broker = start(descriptors, {}, "$$", {"LISTEN_FDNAMES=" + names + "busbard.socket"});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  RawClient(path).ask(control::List{}).as<control::ChannelList>();
}

TEST_F(SocketActivation, ClosesWhatIsNeitherASocketNorMemory) {
  const UniqueFd listening = listening_socket(path);
  const UniqueFd other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Process broker = start({listening.get(), other.get()});
  ASSERT_TRUE(broker.wait_for_stderr("descriptor 4 (\"unknown\") was handed over and is closed"));
  RawClient(path).ask(control::List{}).as<control::ChannelList>();
}

TEST_F(SocketActivation, RefusesAStreamSocket) {
  const UniqueFd listening = listening_socket(path, SOCK_STREAM);
  Process broker = start({listening.get()});
  EXPECT_EQ(broker.wait(), 2);
  EXPECT_THAT(broker.stderr_text(), HasSubstr("no listening Unix socket of type SOCK_SEQPACKET"));
  EXPECT_THAT(broker.stderr_text(), HasSubstr("ListenSequentialPacket="));
}

TEST_F(SocketActivation, RefusesASocketThatDoesNotListen) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  Process broker = start({socket.get()});
  EXPECT_EQ(broker.wait(), 2);
  EXPECT_THAT(broker.stderr_text(), HasSubstr("no listening Unix socket"));
}

TEST_F(SocketActivation, RefusesSeveralSockets) {
  const UniqueFd one = listening_socket(path);
  const UniqueFd two = listening_socket(directory.path("two"));
  Process broker = start({one.get(), two.get()});
  EXPECT_EQ(broker.wait(), 2);
  EXPECT_THAT(broker.stderr_text(), HasSubstr("several sockets were handed over, not 1"));
}

TEST_F(SocketActivation, RefusesASocketWithoutAPath) {
  const UniqueFd listening(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const sockaddr_un nameless{AF_UNIX, {}};  // the kernel chooses an abstract name
  ASSERT_EQ(
      ::bind(listening.get(), reinterpret_cast<const sockaddr*>(&nameless), sizeof(sa_family_t)),
      0);
  ASSERT_EQ(::listen(listening.get(), 1), 0);
  Process broker = start({listening.get()});
  EXPECT_EQ(broker.wait(), 2);
  EXPECT_THAT(broker.stderr_text(), HasSubstr("the socket has no path"));
}

TEST_F(SocketActivation, DoesNotTakeWhatIsMeantForAnotherProcess) {
  const UniqueFd listening = listening_socket(path);
  const std::string own = directory.path("own.sock");
  Process broker = start({listening.get()}, {"--socket", own}, "1");
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  RawClient(own).ask(control::List{}).as<control::ChannelList>();
}

}  // namespace
}  // namespace busbar::test
