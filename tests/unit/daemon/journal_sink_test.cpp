#include "daemon/journal_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "common/base/unique_fd.hpp"
#include "daemon/log_fields.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Receives as a journal does, and can go away and come back.
class Journal {
 public:
  Journal() { start(); }

  void start() {
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("bind " + path());
    }
  }
  void stop() {
    ::unlink(path().c_str());
    socket_.reset();
  }

  std::string path() const { return directory_.path("journal"); }

  /// What has come; datagrams are there as soon as they are sent.
  std::optional<std::string> next() {
    std::array<char, 1 << 17> bytes;
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (size < 0) return std::nullopt;
    return std::string(bytes.data(), static_cast<std::size_t>(size));
  }

 private:
  test::TemporaryDirectory directory_;
  UniqueFd socket_;
};

struct JournalSinkTest : ::testing::Test {
  Journal journal;
  JournalSink sink{"plant", journal.path()};

  void log(const std::string& text, spdlog::level::level_enum level = spdlog::level::info) {
    sink.log({"busbard", level, text});
  }
};

TEST_F(JournalSinkTest, SendsALineWithItsPriorityAndItsBus) {
  log("channel 7 is late", spdlog::level::warn);
  EXPECT_EQ(journal.next(),
            "MESSAGE=channel 7 is late\nPRIORITY=4\nSYSLOG_IDENTIFIER=busbard\nBUSBAR_BUS=plant\n");
}

TEST_F(JournalSinkTest, HasThePrioritiesOfSyslog) {
  for (const auto& [level, priority] : {std::pair{spdlog::level::err, "3"},
                                        {spdlog::level::info, "6"},
                                        {spdlog::level::debug, "7"},
                                        {spdlog::level::trace, "7"}}) {
    log("x", level);
    EXPECT_THAT(journal.next().value_or(""), HasSubstr(std::string("\nPRIORITY=") + priority));
  }
}

TEST_F(JournalSinkTest, AddsTheFieldsOfAllScopes) {
  const LogFields outer{{"BUSBAR_CLIENT", "feed"}};
  {
    const LogFields inner{{"BUSBAR_CHANNEL", "quotes"}};
    log("x");
  }
  log("y");
  const std::string first = journal.next().value_or("");
  EXPECT_THAT(first, HasSubstr("\nBUSBAR_CLIENT=feed\n"));
  EXPECT_THAT(first, HasSubstr("\nBUSBAR_CHANNEL=quotes\n"));
  const std::string second = journal.next().value_or("");
  EXPECT_THAT(second, HasSubstr("\nBUSBAR_CLIENT=feed\n"));
  EXPECT_THAT(second, Not(HasSubstr("BUSBAR_CHANNEL")));
}

TEST_F(JournalSinkTest, KeepsTheFieldsOfOneThreadFromAnother) {
  const LogFields here{{"BUSBAR_CLIENT", "feed"}};
  std::thread([&] { log("x"); }).join();
  EXPECT_THAT(journal.next().value_or("BUSBAR_CLIENT"), Not(HasSubstr("BUSBAR_CLIENT")));
}

TEST_F(JournalSinkTest, DoesNotLetATextForgeFields) {
  log("harmless\nPRIORITY=0");
  const std::string text = "harmless\nPRIORITY=0";
  EXPECT_THAT(journal.next().value_or(""),
              StartsWith("MESSAGE\n" + std::string{static_cast<char>(text.size())} +
                         std::string(7, '\0') + text + "\nPRIORITY=6\n"));
}

TEST_F(JournalSinkTest, CutsALongText) {
  log(std::string(100000, 'x'));
  EXPECT_THAT(journal.next().value_or(""),
              StartsWith("MESSAGE=" + std::string(16384, 'x') + "\nPRIORITY"));
}

TEST_F(JournalSinkTest, NeverWaitsAndTellsHowManyLinesWereLost) {
  constexpr int kMany = 2000;  // more than any queue of datagrams holds
  for (int i = 0; i < kMany; ++i) log("line");
  int read = 0;
  while (journal.next()) ++read;
  ASSERT_LT(read, kMany);
  log("after");
  const std::string note =
      "MESSAGE=(" + std::to_string(kMany - read) + " log lines lost: nobody read them)\nPRIORITY=4";
  EXPECT_THAT(journal.next().value_or(""), StartsWith(note));
  EXPECT_THAT(journal.next().value_or(""), StartsWith("MESSAGE=after\n"));
}

TEST_F(JournalSinkTest, FindsAJournalThatWasStartedAnew) {
  journal.stop();
  log("nobody hears this");
  journal.start();
  log("back");
  EXPECT_THAT(journal.next().value_or(""), StartsWith("MESSAGE=(1 log lines lost"));
  EXPECT_THAT(journal.next().value_or(""), StartsWith("MESSAGE=back\n"));
}

}  // namespace
}  // namespace busbar::daemon
