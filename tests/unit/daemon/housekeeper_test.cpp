#include "daemon/housekeeper.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "daemon/event_loop.hpp"

namespace busbar::daemon {
namespace {

TEST(Housekeeper, WorksOnItsOwnThreadAndIsDoneOnTheMainOne) {
  EventLoop loop;
  Housekeeper housekeeper(loop);
  std::thread::id worker;
  std::thread::id finisher;
  housekeeper.post({[&] { worker = std::this_thread::get_id(); },
                    [&](const std::exception_ptr&) {
                      finisher = std::this_thread::get_id();
                      loop.stop();
                    }});
  loop.run();
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(finisher, std::this_thread::get_id());
}

TEST(Housekeeper, KeepsTheOrderOfMoreTasksThanItsQueueHolds) {
  constexpr int kTasks = 1000;
  EventLoop loop;
  Housekeeper housekeeper(loop);
  std::vector<int> worked;
  std::vector<int> finished;
  for (int i = 0; i < kTasks; ++i) {
    housekeeper.post({[&worked, i] { worked.push_back(i); },
                      [&, i](const std::exception_ptr&) {
                        finished.push_back(i);
                        if (i + 1 == kTasks) loop.stop();
                      }});
  }
  loop.run();
  ASSERT_EQ(finished.size(), static_cast<std::size_t>(kTasks));
  EXPECT_EQ(worked, finished);
  EXPECT_TRUE(std::is_sorted(finished.begin(), finished.end()));
}

TEST(Housekeeper, TellsHowLongItHasBeenBusy) {
  EventLoop loop;
  Housekeeper housekeeper(loop);
  std::latch started(1);
  std::latch end(1);
  EXPECT_EQ(housekeeper.busy_for().count(), 0);
  housekeeper.post({[&] {
                      started.count_down();
                      end.wait();
                    },
                    [&](const std::exception_ptr&) { loop.stop(); }});
  started.wait();
  const auto first = housekeeper.busy_for();
  EXPECT_GT(first.count(), 0);
  EXPECT_GT(housekeeper.busy_for(), first);
  end.count_down();
  loop.run();
  EXPECT_EQ(housekeeper.busy_for().count(), 0);
}

TEST(Housekeeper, HandsOverWhatATaskThrew) {
  EventLoop loop;
  Housekeeper housekeeper(loop);
  std::exception_ptr seen;
  housekeeper.post({[] { throw std::runtime_error("no"); },
                    [&](const std::exception_ptr& failure) {
                      seen = failure;
                      loop.stop();
                    }});
  loop.run();
  EXPECT_THROW(std::rethrow_exception(seen), std::runtime_error);
}

TEST(Housekeeper, DropsWhatIsWaitingWhenItEnds) {
  EventLoop loop;
  const auto held = std::make_shared<int>(0);
  std::latch started(1);
  std::latch go(1);
  std::thread release;
  {
    Housekeeper housekeeper(loop);
    housekeeper.post({[&] {
                        started.count_down();
                        go.wait();
                      },
                      [](const std::exception_ptr&) { ADD_FAILURE(); }});
    for (int i = 0; i < 500; ++i) {
      housekeeper.post({[held] {}, [](const std::exception_ptr&) { ADD_FAILURE(); }});
    }
    started.wait();
    release = std::thread([&] { go.count_down(); });
  }
  release.join();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace busbar::daemon
