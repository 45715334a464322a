#include "daemon/log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

struct LogTest : ::testing::Test {
  LogTest() { ::unsetenv("JOURNAL_STREAM"); }
  ~LogTest() override { ::unsetenv("JOURNAL_STREAM"); }

  /// As if the journal read standard error, or a file beside it.
  static void set_stream(ino_t beside = 0) {
    struct stat status {};
    ::fstat(STDERR_FILENO, &status);
    const std::string stream =
        std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino + beside);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
  }
  std::string make_journal() {
    std::ofstream(directory.path("journal")) << "";
    return directory.path("journal");
  }
  LogSettings settings(const std::string& target) {
    return {.target = target, .journal_socket = make_journal()};
  }

  test::TemporaryDirectory directory;
};

TEST_F(LogTest, GoesWhereItIsTold) {
  EXPECT_TRUE(goes_to_journal(settings("journal")));
  set_stream();
  EXPECT_FALSE(goes_to_journal(settings("stderr")));
}

TEST_F(LogTest, GoesToTheJournalByItselfIfThatReadsStandardError) {
  EXPECT_FALSE(goes_to_journal(settings("auto")));
  set_stream();
  EXPECT_TRUE(goes_to_journal(settings("auto")));
}

TEST_F(LogTest, IsNotMisledByAnInheritedVariable) {
  set_stream(1);
  EXPECT_FALSE(goes_to_journal(settings("auto")));
}

TEST_F(LogTest, GoesToStandardErrorWhereNoJournalIs) {
  set_stream();
  for (const char* target : {"auto", "journal"}) {
    EXPECT_FALSE(goes_to_journal({.target = target, .journal_socket = directory.path("none")}));
  }
}

}  // namespace
}  // namespace busbar::daemon
