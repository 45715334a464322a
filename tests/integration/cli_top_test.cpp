// `busbar top`: in a pipe, as JSON, on a terminal; while the broker goes away and comes back.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "tests/support/cli_test.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

const std::string kEnterScreen = "\x1b[?1049h";
const std::string kLeaveScreen = "\x1b[?1049l";

/// A terminal whose screen the test sees and whose keys it presses.
class Screen {
 public:
  Screen() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0) {
      throw std::runtime_error("no terminal");
    }
    char name[64];
    ::ptsname_r(master_.get(), name, sizeof name);
    path_ = name;
    slave_ = UniqueFd(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    resize(120, 30);
  }

  Process::Options options() const {
    return {.stdin_file = path_, .stdout_file = path_, .environment = {"TERM=xterm"}};
  }

  void resize(unsigned short columns, unsigned short rows) const {
    const winsize size{rows, columns, 0, 0};
    ::ioctl(master_.get(), TIOCSWINSZ, &size);
  }

  void press(char key) const { ASSERT_EQ(::write(master_.get(), &key, 1), 1); }

  /// Reads on until `text` has come; false after kPatience.
  bool wait_for(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::size_t from = 0;
    while (seen_.find(text, from) == std::string::npos) {
      pollfd readable{master_.get(), POLLIN, 0};
      if (std::chrono::steady_clock::now() > deadline || ::poll(&readable, 1, 1000) < 0) {
        return false;
      }
      if (readable.revents == 0) continue;
      char bytes[4096];
      const ssize_t count = ::read(master_.get(), bytes, sizeof bytes);
      if (count <= 0) return false;
      seen_.append(bytes, static_cast<std::size_t>(count));
    }
    return true;
  }

  /// What came so far is no longer looked at.
  void forget() { seen_.clear(); }
  const std::string& seen() const { return seen_; }

  bool echoes() const {
    termios state{};
    ::tcgetattr(slave_.get(), &state);
    return (state.c_lflag & ECHO) != 0 && (state.c_lflag & ICANON) != 0;
  }

  void hang_up() {
    slave_.reset();
    master_.reset();
  }

 private:
  UniqueFd master_;
  UniqueFd slave_;
  std::string path_;
  std::string seen_;
};

class CliTop : public CliTest {
 protected:
  std::vector<Json> samples(Words words) const {
    words.insert(words.begin(), {"--json", "top", "--interval", "100ms"});
    const Ran ran = busbar(words);
    EXPECT_EQ(ran.status, 0) << ran.err;
    std::vector<Json> samples;
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) samples.push_back(Json::parse(line));
    return samples;
  }

  Process top(const Screen& screen, Words words = {"--interval", "100ms"}) const {
    words.insert(words.begin(), "top");
    return start(words, screen.options());
  }
};

TEST_F(CliTop, JsonIsOneObjectALine) {
  Bus bus = broker_.connect();
  bus.create("quotes");
  const auto all = samples({"--count", "2"});
  ASSERT_EQ(all.size(), 2u);
  for (const Json& sample : all) {
    EXPECT_GT(sample.at("interval_ns"), 0);
    EXPECT_EQ(sample.at("broker").at("channels"), 1);
    EXPECT_EQ(sample.at("channels").at(0).at("name"), "quotes");
    EXPECT_EQ(sample.at("channels").at(0).at("messages_per_s"), 0.0);
    EXPECT_EQ(sample.at("clients").size(), 2u);
  }
}

TEST_F(CliTop, TellsWhatIsPublished) {
  Publisher publisher = broker_.connect().publisher("quotes");
  Process top = start({"top", "--json", "--interval", "100ms"});
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool seen = false;
  std::size_t lines = 0;
  while (!seen && std::chrono::steady_clock::now() < deadline) {
    EXPECT_EQ(publisher.publish(std::as_bytes(std::span("message"))), Outcome::ok);
    std::istringstream out(top.stdout_text());
    lines = 0;
    for (std::string line; std::getline(out, line) && !out.eof(); ++lines) {
      const Json channel = Json::parse(line).at("channels").at(0);
      seen = seen || (channel.at("messages_per_s") > 0 && channel.at("bytes_per_s") > 0);
    }
  }
  EXPECT_TRUE(seen) << top.stdout_text();
  top.kill(SIGTERM);
  EXPECT_EQ(top.wait(), 0);
}

TEST_F(CliTop, ShowsOneChannelIfAsked) {
  Bus bus = broker_.connect();
  bus.create("a");
  bus.create("b");
  const auto all = samples({"--count", "1", "--channel", "b"});
  ASSERT_EQ(all.at(0).at("channels").size(), 1u);
  EXPECT_EQ(all.at(0).at("channels").at(0).at("name"), "b");
}

TEST_F(CliTop, SortsAsAsked) {
  Bus bus = broker_.connect();
  bus.create("b");
  bus.create("a");
  Publisher publisher = bus.publisher("z");
  Subscriber slow = bus.subscriber("z");
  EXPECT_EQ(publisher.publish(std::as_bytes(std::span("message"))), Outcome::ok);
  EXPECT_EQ(samples({"--count", "1", "--sort", "name"}).at(0).at("channels").at(0).at("name"), "a");
  const Json first = samples({"--count", "1", "--sort", "lag"}).at(0).at("channels").at(0);
  EXPECT_EQ(first.at("name"), "z");
  EXPECT_EQ(first.at("load").at("lag_name"), "test");
}

TEST_F(CliTop, PrintsPlainTablesIntoAPipe) {
  broker_.connect().create("quotes");
  const Ran ran = busbar({"top", "--interval", "100ms", "--count", "2"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("bus default  busbard "));
  EXPECT_THAT(ran.out, HasSubstr("\n\nbus default  busbard ")) << "the second one";
  EXPECT_THAT(ran.out, HasSubstr("\nquotes "));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

TEST_F(CliTop, EndsWithItsReader) {
  Process top = start({"top", "--interval", "100ms"});
  ASSERT_TRUE(top.wait_for_stdout("no channels"));
  top.close_stdout();
  EXPECT_EQ(top.wait(), 1);
  EXPECT_EQ(top.stderr_text(), "");
}

TEST_F(CliTop, GoesOnWhenTheBrokerComesBack) {
  Process top = start({"top", "--json", "--interval", "100ms"});
  ASSERT_TRUE(top.wait_for_stdout("\"channels\":"));
  broker_.kill();
  ASSERT_TRUE(top.wait_for_stdout("\"away\":"));
  const auto lines_with_clients = [&] {
    const std::string text = top.stdout_text();
    const auto away = text.find("\"away\":");
    return away != std::string::npos && text.find("\"channels\":", away) != std::string::npos;
  };
  broker_.start();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!lines_with_clients() && std::chrono::steady_clock::now() < deadline) top.running();
  EXPECT_TRUE(lines_with_clients());
  top.kill(SIGINT);
  EXPECT_EQ(top.wait(), 0);
}

TEST_F(CliTop, WithoutABrokerAtFirstIsAnError) {
  const Ran ran = run({BUSBAR_CLI_PATH, "--socket", "/nonexistent/a.sock", "top"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("/nonexistent/a.sock"));
}

TEST_F(CliTop, OnATerminalTakesTheScreenAndGivesItBack) {
  broker_.connect().create("quotes");
  Screen screen;
  Process process = top(screen);
  ASSERT_TRUE(screen.wait_for("quotes"));
  EXPECT_THAT(screen.seen(), HasSubstr(kEnterScreen));
  EXPECT_FALSE(screen.echoes());
  screen.press('q');
  ASSERT_TRUE(screen.wait_for(kLeaveScreen));
  EXPECT_EQ(process.wait(), 0);
  EXPECT_TRUE(screen.echoes());
}

TEST_F(CliTop, EverySignalThatEndsItGivesTheTerminalBack) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Screen screen;
    Process process = top(screen);
    ASSERT_TRUE(screen.wait_for("CLIENT"));
    process.kill(signal);
    ASSERT_TRUE(screen.wait_for(kLeaveScreen)) << signal;
    EXPECT_EQ(process.wait(), 0) << signal;
    EXPECT_TRUE(screen.echoes()) << signal;
  }
}

TEST_F(CliTop, EndsWithItsTerminal) {
  Screen screen;
  Process process = top(screen);
  ASSERT_TRUE(screen.wait_for("CLIENT"));
  screen.hang_up();
  EXPECT_EQ(process.wait(), 0);
}

TEST_F(CliTop, FollowsTheTerminalsSize) {
  Bus bus = broker_.connect();
  for (int i = 0; i < 20; ++i) bus.create("channel" + std::to_string(i));
  Screen screen;
  Process process = top(screen, {"--interval", "1h"});
  ASSERT_TRUE(screen.wait_for("channel19"));
  screen.forget();
  screen.resize(60, 10);
  process.kill(SIGWINCH);
  ASSERT_TRUE(screen.wait_for("more channels"));
  EXPECT_THAT(screen.seen(), Not(HasSubstr("channel19")));
}

TEST_F(CliTop, SortsByAKey) {
  Bus bus = broker_.connect();
  Publisher publisher = bus.publisher("a");
  Subscriber slow = bus.subscriber("b");
  Publisher feed = bus.publisher("b");
  EXPECT_EQ(feed.publish(std::as_bytes(std::span("message"))), Outcome::ok);
  Screen screen;
  Process process = top(screen, {"--sort", "name", "--interval", "1h"});
  ASSERT_TRUE(screen.wait_for("CLIENT"));
  EXPECT_LT(screen.seen().find("\na "), screen.seen().find("\nb "));
  screen.forget();
  screen.press('l');
  ASSERT_TRUE(screen.wait_for("CLIENT"));
  EXPECT_LT(screen.seen().find("\nb "), screen.seen().find("\na "));
}

TEST_F(CliTop, SaysOnTheScreenThatTheBrokerIsAway) {
  Screen screen;
  Process process = top(screen);
  ASSERT_TRUE(screen.wait_for("CLIENT"));
  broker_.kill();
  ASSERT_TRUE(screen.wait_for("broker away"));
  screen.forget();
  broker_.start();
  ASSERT_TRUE(screen.wait_for("CLIENT"));
}

}  // namespace
}  // namespace busbar::test
