#include "client/src/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "common/base/error.hpp"
#include "tests/support/fake_broker.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {
namespace {

using namespace control;
using namespace std::chrono_literals;
using testing::ElementsAre;

Welcome welcome(std::uint64_t session, bool resumed, std::vector<std::uint64_t> lost = {}) {
  Welcome welcome;
  welcome.protocol = 1;
  welcome.session = session;
  welcome.secret = "secret-" + std::to_string(session);
  welcome.epoch = 1;
  welcome.resumed = resumed;
  welcome.lost = std::move(lost);
  return welcome;
}

/// Welcomes so; each open gets the next grant, everything else is done.
FakeBroker::Play plain(Welcome answer, std::uint64_t first_grant = 1) {
  return [answer, grant = first_grant](const Request& request) mutable {
    if (std::holds_alternative<Hello>(request.body)) return FakeBroker::reply(answer);
    if (std::holds_alternative<Open>(request.body)) {
      return FakeBroker::reply(Opened{7, 0, grant++});
    }
    const bool is_notice = request.id == 0;
    return is_notice ? FakeBroker::silence() : FakeBroker::reply(Done{});
  };
}

/// Welcomes, and dies of what comes then.
FakeBroker::Play dying(Welcome answer) {
  return [answer](const Request& request) {
    return std::holds_alternative<Hello>(request.body) ? FakeBroker::reply(answer)
                                                       : FakeBroker::die();
  };
}

FakeBroker::Play silent() {
  return [](const Request&) { return FakeBroker::silence(); };
}

const Open kOpen{"quotes", Role::publisher};

class Returning : public testing::Test {
 protected:
  void start(FakeBroker::Play play) { broker_.emplace(socket_, std::move(play)); }
  void kill() { broker_.reset(); }
  FakeBroker& broker() { return *broker_; }

  std::unique_ptr<Connection> connect(std::chrono::nanoseconds timeout = kPatience) {
    ConnectOptions options;
    options.socket = socket_;
    options.timeout = timeout;
    return std::make_unique<Connection>(options);
  }

  /// Attends until it is so.
  template <typename Condition>
  static bool attends_until(Connection& connection, Condition so) {
    const Deadline deadline = Deadline::after(kPatience);
    while (!so()) {
      if (deadline.passed()) return false;
      connection.attend(true);
    }
    return true;
  }

  const TemporaryDirectory directory_;
  const std::string socket_ = directory_.path("control.sock");
  std::optional<FakeBroker> broker_;
};

TEST_F(Returning, SaysWhoItWasAndWhichGrantItSawLast) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  connection->ask(kOpen);
  connection->ask(kOpen);
  EXPECT_EQ(broker().hellos().at(0).session, 0u);
  kill();
  start(plain(welcome(5, true)));
  connection->ask(List{});
  const Hello hello = broker().hellos().at(0);
  EXPECT_EQ(hello.session, 5u);
  EXPECT_EQ(hello.secret, "secret-5");
  EXPECT_EQ(hello.last_grant, 2u);
}

TEST_F(Returning, SendsWhatTheBrokerDiedOfToTheNextOne) {
  start(dying(welcome(5, false)));
  const auto connection = connect();
  std::thread next([this] {
    while (broker().requests().size() < 2) std::this_thread::yield();
    kill();
    start(plain(welcome(5, true), 9));
  });
  const auto answer = connection->ask(kOpen);
  next.join();
  EXPECT_EQ(std::get<Opened>(answer.body).grant, 9u);
  EXPECT_EQ(broker().hellos().at(0).last_grant, 0u);
}

TEST_F(Returning, TakesARemoveThatWasSentTwiceForDoneIfNothingIsLeft) {
  start(dying(welcome(5, false)));
  const auto connection = connect();
  std::thread next([this] {
    while (broker().requests().size() < 2) std::this_thread::yield();
    kill();
    start([](const Request& request) {
      return FakeBroker::reply(std::holds_alternative<Hello>(request.body)
                                   ? ReplyBody(welcome(5, true))
                                   : Failure{static_cast<int>(Errc::no_such_channel), "none"});
    });
  });
  EXPECT_NO_THROW(connection->ask_for<Done>(Remove{"quotes", false}));
  next.join();
  EXPECT_THROW(connection->ask_for<Done>(Remove{"quotes", false}), Error);
}

TEST_F(Returning, AttendsToItWithoutAnybodyAsking) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  kill();
  ASSERT_TRUE(attends_until(*connection, [&] { return !connection->attend(true); }));
  start(plain(welcome(5, true)));
  EXPECT_TRUE(attends_until(*connection, [&] { return broker().hellos().size() == 1; }));
  EXPECT_EQ(broker().hellos().at(0).session, 5u);
}

TEST_F(Returning, DoesNotWaitForASilentBrokerWhenItAttends) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  kill();
  start(silent());
  EXPECT_TRUE(attends_until(*connection, [&] { return broker().hellos().size() == 1; }));
  for (int i = 0; i < 1000; ++i) connection->attend(true);
  EXPECT_EQ(broker().requests().size(), 1u);
}

TEST_F(Returning, AsksWithTheHelloThatAttendingHasSaid) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  kill();
  std::atomic<bool> slow{true};
  start([&](const Request& request) {
    while (slow) std::this_thread::yield();
    return plain(welcome(5, true))(request);
  });
  EXPECT_TRUE(attends_until(*connection, [&] { return broker().hellos().size() == 1; }));
  slow = false;
  connection->ask(kOpen);
  EXPECT_EQ(broker().hellos().size(), 1u);
}

TEST_F(Returning, MakesOrphansOfWhatASessionHeldThatDoesNotGoOn) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  const auto before = connection->ask(kOpen).life;
  kill();
  start(plain(welcome(6, false)));
  const auto after = connection->ask(kOpen).life;
  EXPECT_TRUE(connection->registration().is_orphan(before, 7));
  EXPECT_FALSE(connection->registration().is_orphan(after, 7));
}

TEST_F(Returning, MakesOrphansOfPlacesOnLostChannelsAlone) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  const auto life = connection->ask(kOpen).life;
  kill();
  start(plain(welcome(5, true, {7, 8})));
  connection->ask(List{});
  EXPECT_TRUE(connection->registration().is_orphan(life, 7));
  EXPECT_FALSE(connection->registration().is_orphan(life, 9));
}

TEST_F(Returning, TellsTheNextBrokerWhatWasLeftMeanwhileAndNothingElse) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  kill();
  ASSERT_TRUE(attends_until(*connection, [&] { return !connection->attend(true); }));
  connection->tell(Leave{7, Role::publisher, 3, 1}, 0);
  connection->tell(HeldUp{7, Role::publisher, 3, 1, Role::publisher, 0}, 0);
  start(plain(welcome(5, true)));
  connection->ask(List{});
  const auto requests = broker().requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(std::get<Leave>(requests[1].body).index, 3u);
  EXPECT_TRUE(std::holds_alternative<List>(requests[2].body));
}

TEST_F(Returning, PassesOnThatTheNextBrokerRefusesIt) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  kill();
  start([](const Request&) {
    return FakeBroker::reply(Failure{static_cast<int>(Errc::refused), "not you"});
  });
  try {
    connection->ask(List{});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::refused);
  }
}

TEST_F(Returning, LetsManyThreadsAskAtOnceWhileTheBrokerComesBack) {
  start(plain(welcome(5, false)));
  const auto connection = connect();
  kill();
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      connection->ask(kOpen);
      ++done;
    });
  }
  start(plain(welcome(5, true)));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 8);
  EXPECT_EQ(broker().hellos().size(), 1u);
}

}  // namespace
}  // namespace busbar::test
