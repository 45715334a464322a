#include "daemon/lobby.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;

TEST(Lobby, NamesWhoIsOverdueInTheOrderOfArrival) {
  EventLoop loop;
  std::vector<std::uint64_t> overdue;
  Lobby lobby(loop, 5ms, [&](std::uint64_t session) {
    overdue.push_back(session);
    if (overdue.size() == 2) loop.stop();
  });
  lobby.enter(7);
  lobby.enter(8);
  loop.run();
  EXPECT_EQ(overdue, (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(lobby.size(), 0u);
}

TEST(Lobby, ForgetsWhoHasLeft) {
  EventLoop loop;
  std::vector<std::uint64_t> overdue;
  Lobby lobby(loop, 5ms, [&](std::uint64_t session) {
    overdue.push_back(session);
    loop.stop();
  });
  lobby.enter(7);
  lobby.enter(8);
  lobby.leave(7);
  loop.run();
  EXPECT_EQ(overdue, (std::vector<std::uint64_t>{8}));
}

TEST(Lobby, LetsTheHandlerTakeTheSessionOut) {
  EventLoop loop;
  Lobby* self = nullptr;
  Lobby lobby(loop, 1ms, [&](std::uint64_t session) {
    self->leave(session);
    if (self->size() == 0) loop.stop();
  });
  self = &lobby;
  lobby.enter(1);
  lobby.enter(2);
  loop.run();
  EXPECT_EQ(lobby.size(), 0u);
}

}  // namespace
}  // namespace busbar::daemon
