#include "daemon/descriptor_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"
#include "daemon/descriptor_names.hpp"
#include "daemon/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Message {
  std::string lines;
  UniqueFd fd;
};

/// Plays systemd, as far as it listens to its services.
class Manager {
 public:
  explicit Manager(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
  }

  int fd() const { return socket_.get(); }
  /// What has come; messages are there as soon as they are sent.
  std::optional<Message> next() {
    std::array<char, 4096> bytes;
    iovec piece{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = room.data();
    header.msg_controllen = room.size();
    const ssize_t size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
    if (size < 0) return std::nullopt;
    Message message{std::string(bytes.data(), static_cast<std::size_t>(size)), {}};
    if (const cmsghdr* control = CMSG_FIRSTHDR(&header)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
      message.fd = UniqueFd(fd);
    }
    return message;
  }
  std::string next_lines() {
    const auto message = next();
    return message ? message->lines : "nothing";
  }

 private:
  UniqueFd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
};

struct DescriptorStoreTest : ::testing::Test {
  DescriptorStoreTest() { ::setenv("BUSBAR_FDSTORE", "1", 1); }
  ~DescriptorStoreTest() override { ::unsetenv("BUSBAR_FDSTORE"); }

  test::TemporaryDirectory directory;
  std::string path = directory.path("notify");
  Manager manager{path};
  EventLoop loop;
  NotifySocket socket{loop, path};
};

UniqueFd memory() {
  return UniqueFd(::memfd_create("stored", MFD_CLOEXEC));
}

ino_t inode(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

std::vector<NamedDescriptor> handed_over(const std::vector<std::string>& names) {
  std::vector<NamedDescriptor> result;
  for (const std::string& name : names) result.push_back({name, memory()});
  return result;
}

TEST_F(DescriptorStoreTest, GivesAwayADescriptorWithItsName) {
  DescriptorStore store(socket, {});
  EXPECT_TRUE(store.available());
  const UniqueFd fd = memory();
  store.keep("quotes", fd.get());
  const auto message = manager.next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->lines, "FDSTORE=1\nFDNAME=quotes\nFDPOLL=0");
  EXPECT_EQ(inode(message->fd.get()), inode(fd.get()));
  EXPECT_FALSE(manager.next());
}

TEST_F(DescriptorStoreTest, DropsWhatItKeepsAndNothingElse) {
  DescriptorStore store(socket, {});
  store.drop("quotes");
  EXPECT_FALSE(manager.next());
  store.keep("quotes", memory().get());
  manager.next();
  store.drop("quotes");
  EXPECT_EQ(manager.next_lines(), "FDSTOREREMOVE=1\nFDNAME=quotes");
  store.drop("quotes");
  EXPECT_FALSE(manager.next());
}

TEST_F(DescriptorStoreTest, ReplacesWhatHadTheName) {
  DescriptorStore store(socket, {});
  store.keep("quotes", memory().get());
  manager.next();
  store.keep("quotes", memory().get());
  EXPECT_EQ(manager.next_lines(), "FDSTOREREMOVE=1\nFDNAME=quotes");
  EXPECT_EQ(manager.next_lines(), "FDSTORE=1\nFDNAME=quotes\nFDPOLL=0");
}

TEST_F(DescriptorStoreTest, LosesNothingAndKeepsTheOrderWhileTheManagerDoesNotListen) {
  DescriptorStore store(socket, {});
  constexpr std::size_t kCount = 500;
  std::vector<ino_t> inodes;
  for (std::size_t i = 0; i < kCount; ++i) {
    const UniqueFd fd = memory();
    inodes.push_back(inode(fd.get()));
    store.keep("n" + std::to_string(i), fd.get());
  }
  socket.send("READY=1");
  store.drop("n0");
  std::vector<Message> heard;
  const Watch watch = loop.watch(manager.fd(), EPOLLIN, [&](std::uint32_t) {
    heard.push_back(std::move(*manager.next()));
    if (heard.size() == kCount + 2) loop.stop();
  });
  loop.run();
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(heard[i].lines, "FDSTORE=1\nFDNAME=n" + std::to_string(i) + "\nFDPOLL=0");
    ASSERT_EQ(inode(heard[i].fd.get()), inodes[i]);
  }
  EXPECT_EQ(heard[kCount].lines, "READY=1");
  EXPECT_EQ(heard[kCount + 1].lines, "FDSTOREREMOVE=1\nFDNAME=n0");
}

TEST_F(DescriptorStoreTest, IsToldAllThatIsLeftAtTheEnd) {
  constexpr int kCount = 500;
  int heard = 0;
  std::optional<NotifySocket> brief(std::in_place, loop, path);
  DescriptorStore store(*brief, {});
  for (int i = 0; i < kCount; ++i) store.keep("n" + std::to_string(i), memory().get());
  std::thread listener([&] {
    while (heard < kCount) heard += manager.next() ? 1 : 0;
  });
  brief.reset();
  listener.join();
  EXPECT_EQ(heard, kCount);
}

TEST_F(DescriptorStoreTest, DoesNothingWhereNobodyPromisedToKeep) {
  ::unsetenv("BUSBAR_FDSTORE");
  DescriptorStore store(socket, {});
  EXPECT_FALSE(store.available());
  EXPECT_FALSE(store.keep("quotes", memory().get()));
  EXPECT_FALSE(manager.next());
}

TEST_F(DescriptorStoreTest, DoesNothingWithoutASocket) {
  NotifySocket nowhere(loop, "");
  DescriptorStore store(nowhere, {});
  EXPECT_FALSE(store.available());
  store.keep("quotes", memory().get());
}

TEST_F(DescriptorStoreTest, HandsOutWhatWasHandedOverOnce) {
  auto all = handed_over({"one", "two"});
  const ino_t two = inode(all[1].fd.get());
  DescriptorStore store(socket, std::move(all));
  EXPECT_THAT(store.names(), ElementsAre("one", "two"));
  EXPECT_EQ(inode(store.take("two").get()), two);
  EXPECT_FALSE(store.take("two"));
  EXPECT_FALSE(store.take("three"));
  EXPECT_THAT(store.names(), ElementsAre("one"));
  EXPECT_FALSE(manager.next());
}

TEST_F(DescriptorStoreTest, DropsWhatNobodyTook) {
  DescriptorStore store(socket, handed_over({"one", "two", "three"}));
  const UniqueFd taken = store.take("two");
  store.drop_rest();
  EXPECT_THAT(store.names(), IsEmpty());
  EXPECT_EQ(manager.next_lines(), "FDSTOREREMOVE=1\nFDNAME=one");
  EXPECT_EQ(manager.next_lines(), "FDSTOREREMOVE=1\nFDNAME=three");
  EXPECT_FALSE(manager.next());
}

TEST_F(DescriptorStoreTest, DropsWhatWasHandedOverAndTaken) {
  DescriptorStore store(socket, handed_over({"one"}));
  store.take("one");
  store.drop("one");
  EXPECT_EQ(manager.next_lines(), "FDSTOREREMOVE=1\nFDNAME=one");
}

TEST_F(DescriptorStoreTest, RefusesWhatIsNoName) {
  DescriptorStore store(socket, {});
  const UniqueFd fd = memory();
  for (const std::string& name :
       {std::string(), std::string("a:b"), std::string("a\nb"), std::string(256, 'a')}) {
    EXPECT_THROW(store.keep(name, fd.get()), Error) << name;
  }
  store.keep(std::string(255, 'a'), fd.get());
}

TEST_F(DescriptorStoreTest, KeepsNoMoreThanTheNextStartHasRoomForTheNamesOf) {
  // As many as fit were handed over.
  std::vector<NamedDescriptor> all;
  const std::string filling(254, 'x');
  for (std::size_t i = 0; i < kRoomForDescriptorNames / 255; ++i) {
    std::string name = std::to_string(i);
    all.push_back({name + filling.substr(name.size()), UniqueFd()});
  }
  const std::string first = all[0].name;
  DescriptorStore store(socket, std::move(all));
  const UniqueFd fd = memory();
  EXPECT_FALSE(store.keep(std::string(240, 'a'), fd.get()));
  EXPECT_FALSE(manager.next());
  store.drop(first);
  manager.next();
  EXPECT_TRUE(store.keep(std::string(240, 'a'), fd.get()));
  EXPECT_TRUE(manager.next());
}

}  // namespace
}  // namespace busbar::daemon
