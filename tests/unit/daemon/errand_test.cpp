#include "daemon/errand.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

namespace busbar::daemon {
namespace {

TEST(Errand, TellsItsEndOnTheLoopsThread) {
  EventLoop loop;
  std::thread::id worked, told;
  Errand errand(
      loop, [&] { worked = std::this_thread::get_id(); },
      [&](const std::exception_ptr& failure) {
        EXPECT_FALSE(failure);
        told = std::this_thread::get_id();
        loop.stop();
      });
  loop.run();
  EXPECT_EQ(told, std::this_thread::get_id());
  EXPECT_NE(worked, told);
}

TEST(Errand, HandsOnWhatItsWorkThrew) {
  EventLoop loop;
  Errand errand(
      loop, [] { throw std::runtime_error("no"); },
      [&](const std::exception_ptr& failure) {
        EXPECT_THROW(std::rethrow_exception(failure), std::runtime_error);
        loop.stop();
      });
  loop.run();
}

TEST(Errand, MayBeDestroyedByItsEnd) {
  EventLoop loop;
  std::optional<Errand> errand;
  errand.emplace(
      loop, [] {},
      [&](const std::exception_ptr&) {
        errand.reset();
        loop.stop();
      });
  loop.run();
  EXPECT_FALSE(errand);
}

TEST(Errand, IsNotWaitedFor) {
  const auto release = std::make_shared<std::promise<void>>();
  const auto ended = std::make_shared<std::promise<void>>();
  {
    EventLoop loop;
    Errand errand(
        loop,
        [release, ended] {
          release->get_future().wait();
          ended->set_value();
        },
        [](const std::exception_ptr&) { FAIL() << "told to nobody"; });
  }
  release->set_value();
  ended->get_future().wait();
}

}  // namespace
}  // namespace busbar::daemon
