// Wrong usage, help, and no broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <busbar/error.hpp>
#include <busbar/version.hpp>
#include <cstdint>
#include <string>

#include "common/base/deadline.hpp"
#include "common/base/unique_fd.hpp"
#include "common/control/codec.hpp"
#include "common/control/packet_socket.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using CliUsage = CliTest;

TEST_F(CliUsage, WrongUsageIsTwoWithTheOptionAndWhatIsAllowed) {
  struct Case {
    Words words;
    std::string part;
  };
  const std::vector<Case> cases{
      {{}, "a verb is required"},
      {{"dance"}, "\"dance\" is no verb"},
      {{"ls", "--colour"}, "--colour"},
      {{"ls", "more"}, "more"},
      {{"show"}, "CHANNEL"},
      {{"create", "c", "--capacity", "64Mb"}, "--capacity: \"64Mb\" is not a size"},
      {{"create", "c", "--max-message", "-1"}, "--max-message"},
      {{"create", "c", "--max-publishers", "65"},
       "--max-publishers: \"65\" is not a whole number from 1 to 64"},
      {{"create", "c", "--max-publishers", "1x"}, "--max-publishers"},
      {{"create", "c", "--block-timeout", "10"}, "--block-timeout: \"10\" is not a time"},
      {{"create", "c", "--when-full", "explode"}, "block"},
      {{"create", "c", "--segment", "paper"}, "named"},
      {{"create", "c", "--fences", "some"}, "full"},
      {{"create", "c", "--alignment", "24"}, "24"},
      {{"create", "two words"}, "two words"},
      {{"create", ".hidden"}, ".hidden"},
      {{"create", ""}, "name"},
      {{"pub", "c", "--lines", "--chunk", "10"}, "--chunk"},
      {{"pub", "c", "--chunk", "0"}, "--chunk"},
      {{"pub", "c", "--length-prefixed", "--lines"}, "--length-prefixed"},
      {{"pub", "two words"}, "two words"},
      {{"pub", "c", "--json"}, "--json"},
      {{"sub", "c", "--raw", "--lines"}, "--raw"},
      {{"sub", "c", "--count", "0"}, "--count"},
      {{"sub", "c", "--timeout", "soon"}, "--timeout: \"soon\" is not a time"},
      {{"sub", "c", "--from", "tomorrow"}, "oldest"},
      {{"sub", "c", "--wait", "now"}, "balanced"},
      {{"pub", "c", "--wait", ""}, "balanced"},
      {{"sub", "a/b"}, "a/b"},
      {{"rm", "c", "--json"}, "--json"},
      {{"top", "--interval", "50ms"}, "--interval"},
      {{"top", "--sort", "colour"}, "rate"},
      {{"top", "--count", "0"}, "--count"},
  };
  for (const auto& [words, part] : cases) {
    const Ran ran = busbar(words);
    const std::string all = ::testing::PrintToString(words);
    EXPECT_EQ(ran.status, 2) << all << ran.err;
    EXPECT_EQ(ran.out, "") << all;
    EXPECT_THAT(ran.err, StartsWith("busbar: ")) << all;
    EXPECT_THAT(ran.err, HasSubstr(part)) << all;
  }
}

TEST_F(CliUsage, HelpIsDataWithExamples) {
  for (const char* verb :
       {"ls", "show", "create", "rm", "pub", "sub", "clients", "top", "doctor"}) {
    const Ran ran = busbar({verb, "--help"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(ran.out, HasSubstr(std::string("Examples:\n  ")));
    EXPECT_THAT(ran.out, HasSubstr(std::string("busbar ") + verb));
  }
  EXPECT_THAT(busbar({"--help"}).out, HasSubstr("Exit status"));
}

/// What a verb says to $BUSBAR_WAIT=fast, which is no policy.
class CliBadWaitVariable : public CliTest {
 protected:
  Process started(const Words& words) const {
    return start(words, {.environment = {"BUSBAR_WAIT=fast"}});
  }
};

TEST_F(CliBadWaitVariable, IsNothingToVerbsThatWaitForNoMessage) {
  broker_.connect().create("c");
  for (const Words& words : std::vector<Words>{{"ls"},
                                               {"show", "c"},
                                               {"clients"},
                                               {"create", "d"},
                                               {"rm", "d"},
                                               {"top", "--count", "1", "--interval", "100ms"},
                                               {"doctor"}}) {
    Process verb = started(words);
    EXPECT_EQ(verb.wait(), 0) << words.front() << ": " << verb.stderr_text() << verb.stdout_text();
  }
}

TEST_F(CliBadWaitVariable, IsRefusedByVerbsThatWaitUnlessTheySayHow) {
  for (const Words& words : std::vector<Words>{{"pub", "c"}, {"sub", "c", "--timeout", "0"}}) {
    Process verb = started(words);
    EXPECT_EQ(verb.wait(), 2) << words.front();
    EXPECT_THAT(verb.stderr_text(), HasSubstr("BUSBAR_WAIT is \"fast\""));
    Words explicitly = words;
    explicitly.insert(explicitly.end(), {"--wait", "power"});
    Process good = started(explicitly);
    EXPECT_EQ(good.wait(), 0) << words.front() << ": " << good.stderr_text();
  }
}

TEST_F(CliUsage, VersionIsTheLibrarys) {
  const Ran ran = busbar({"--version"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, std::string("busbar ") + library_version() + "\n");
}

TEST_F(CliUsage, AVerbsNameIsAChannelsNameToo) {
  for (const char* name : {"ls", "sub", "create"}) {
    EXPECT_EQ(busbar({"create", name}).status, 0);
    EXPECT_EQ(busbar({"show", name}).status, 0);
  }
}

TEST_F(CliUsage, CommonOptionsMayStandBehindTheVerb) {
  const Ran ran = run({BUSBAR_CLI_PATH, "ls", "--json", "--socket", broker_.socket()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("{"));
}

TEST_F(CliUsage, ANameTellsMembersApart) {
  Process sub = subscribe("c", {"--name", "recorder"});
  EXPECT_EQ(broker_.connect().channel("c").subscribers.at(0).name, "recorder");
  const Ran long_name = busbar({"--name", std::string(129, 'x'), "ls"});
  EXPECT_EQ(long_name.status, 2);
  EXPECT_THAT(long_name.err, HasSubstr("at most 128"));
}

TEST_F(CliUsage, NothingIsLeftOpenByAClosedStandardStream) {
  const Ran ran =
      run({"/bin/sh", "-c", "\"$0\" --socket \"$1\" ls >&-", BUSBAR_CLI_PATH, broker_.socket()});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "busbar: standard output: Bad file descriptor\n");
}

TEST(CliNoBroker, EverySocketThatWasTriedIsNamed) {
  const TemporaryDirectory directory;
  Process process({BUSBAR_CLI_PATH, "ls"},
                  {.environment = {"BUSBAR_SOCKET", "XDG_RUNTIME_DIR=" + directory.path()}});
  // A broker of the machine itself may be running.
  if (process.wait() == 0) GTEST_SKIP() << "a broker listens on /run/busbar/control.sock";
  EXPECT_EQ(process.wait(), 1);
  EXPECT_THAT(process.stderr_text(), HasSubstr(directory.path("busbar/control.sock")));
  EXPECT_THAT(process.stderr_text(), HasSubstr("/run/busbar/control.sock"));
}

/// Reads the hello of the next client and answers whatever it likes.
void answer_next(const UniqueFd& listening, const control::ReplyBody& body) {
  const Deadline deadline = Deadline::after(kPatience);
  ASSERT_TRUE(control::wait_readable(listening.get(), deadline));
  const UniqueFd client(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(control::wait_readable(client.get(), deadline));
  std::uint64_t id = 0;
  control::decode_request(control::receive_packet(client.get(), false).packet, id);
  control::send_packet(client.get(), control::encode(control::Reply{id, body}));
}

TEST(CliLyingBroker, MakesATerminalObeyNothing) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("lying.sock");
  const UniqueFd listening = listening_socket(path);
  Process process({BUSBAR_CLI_PATH, "--socket", path, "ls"});
  answer_next(listening, control::Failure{static_cast<int>(Errc::limit),
                                          "full\x1b[2J\nbusbar: all is well\xc2\x9b"
                                          "2J"});
  EXPECT_EQ(process.wait(), 1);
  EXPECT_THAT(process.stderr_text(), HasSubstr("full\\x1b[2J\\x0abusbar: all is well"));
  EXPECT_THAT(process.stderr_text(), Not(ContainsRegex("[^ -~\n]")));
}

TEST(CliNoBroker, TheGivenSocketIsNamed) {
  const Ran option = run({BUSBAR_CLI_PATH, "--socket", "/nonexistent/a.sock", "sub", "c"});
  EXPECT_EQ(option.status, 1);
  EXPECT_THAT(option.err, HasSubstr("/nonexistent/a.sock"));
  Process variable({BUSBAR_CLI_PATH, "ls"}, {.environment = {"BUSBAR_SOCKET=/nonexistent/b.sock"}});
  EXPECT_EQ(variable.wait(), 1);
  EXPECT_THAT(variable.stderr_text(), HasSubstr("/nonexistent/b.sock"));
}

}  // namespace
}  // namespace busbar::test
