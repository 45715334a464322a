#include "daemon/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "common/base/deadline.hpp"
#include "common/control/packet_socket.hpp"
#include "daemon/log.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct ListenerTest : ::testing::Test {
  UniqueFd client() const { return control::connect_to(path, Deadline::never()); }

  test::TemporaryDirectory directory;
  std::string path = directory.path("s");
  UniqueFd socket = test::listening_socket(path);
  EventLoop loop;
};

TEST_F(ListenerTest, NeedsNoFileToLetSomebodyIn) {
  if (!test::can_become_others()) GTEST_SKIP() << "needs root, for chroot";
  const UniqueFd waiting = client();
  const std::string inside = test::in_child([&]() -> std::string {
    if (::chroot(directory.path().c_str()) != 0) return "no chroot";
    Listener listener(loop, socket.get(), [] {});
    return listener.accept() ? "let in" : "kept out";
  });
  EXPECT_EQ(inside, "let in");
}

/// A listening socket that somebody who shares it has shut down: accept fails for ever, and the
/// hang-up is told for ever.
struct BrokenListenerTest : ListenerTest {
  BrokenListenerTest() { ::shutdown(socket.get(), SHUT_RDWR); }

  /// Called back at most `most` times.
  std::string run_until(int most) {
    ::testing::internal::CaptureStderr();
    set_up_log({});
    Listener listener(loop, socket.get(), [&] {
      EXPECT_FALSE(listener.accept());
      if (++calls >= most) loop.stop();
    });
    loop.run();
    return ::testing::internal::GetCapturedStderr();
  }

  int calls = 0;
};

TEST_F(BrokenListenerTest, DoesNotKeepTheLoopBusy) {
  loop.set_alarm(EventLoop::Clock::now() + 20ms, [&] { loop.stop(); });
  run_until(1000);
  EXPECT_LT(calls, 1000);
}

TEST_F(BrokenListenerTest, TriesAgainAndTellsItOnce) {
  const std::string words = run_until(5);
  EXPECT_EQ(calls, 5);
  EXPECT_THAT(words, HasSubstr("no client can be let in: "));
  EXPECT_EQ(std::count(words.begin(), words.end(), '\n'), 1) << words;
}

}  // namespace
}  // namespace busbar::daemon
