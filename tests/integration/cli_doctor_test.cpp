// `busbar doctor` on a machine where something is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/listening_socket.hpp"
#include "tests/support/raw_client.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

/// A file in /dev/shm that looks like a segment of a broker that never lived.
class SegmentFile {
 public:
  explicit SegmentFile(const std::string& name) : path_("/dev/shm/" + name) {
    std::ofstream(path_) << std::string(8192, 'x');
  }
  SegmentFile(const SegmentFile&) = delete;
  SegmentFile& operator=(const SegmentFile&) = delete;
  ~SegmentFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The first finding whose `what` has this in it; an empty object if none has.
Json finding(const std::string& document, const std::string& what) {
  const Json parsed = Json::parse(document);
  for (const Json& each : parsed.at("findings")) {
    if (each.at("what").get<std::string>().find(what) != std::string::npos) return each;
  }
  ADD_FAILURE() << "nothing of " << what << " in " << document;
  return {{"verdict", ""}, {"what", ""}, {"why", ""}, {"command", ""}};
}

Ran doctor(const std::string& socket) {
  return run({BUSBAR_CLI_PATH, "--socket", socket, "--json", "doctor"});
}

class CliDoctor : public CliTest {
 protected:
  std::string path(const std::string& name) const { return broker_.directory().path(name); }
};

TEST_F(CliDoctor, FindsNoProblemBesideAHealthyBroker) {
  broker_.connect().create("quotes");
  const Ran ran = busbar({"doctor"});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr(broker_.socket() + ": busbard "));
  EXPECT_THAT(ran.out, HasSubstr("\n0 problems, "));
  for (const std::string& segment : broker_.segments()) {
    const std::string prefix = segment.substr(0, segment.size() - std::string("-ring").size() - 17);
    EXPECT_THAT(ran.out, Not(HasSubstr(prefix))) << "its own segments are nobody's leftovers";
  }
}

TEST_F(CliDoctor, TellsAnOperatorWhatWhyAndWhatToDo) {
  broker_.kill();
  const Ran ran = busbar({"doctor"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("problem  " + broker_.socket() + ": stale"));
  EXPECT_THAT(ran.out, HasSubstr("\n         why: "));
  EXPECT_THAT(ran.out, HasSubstr("\n         do:  busbard --socket " + broker_.socket()));
  EXPECT_THAT(ran.out, HasSubstr("\n1 problem, "));
}

TEST_F(CliDoctor, WhatItSaysOfAStaleSocketMendsIt) {
  broker_.kill();
  const Ran before = doctor(broker_.socket());
  EXPECT_EQ(finding(before.out, "stale").at("verdict"), "problem");
  broker_.start();
  EXPECT_EQ(doctor(broker_.socket()).status, 0);
}

TEST_F(CliDoctor, FindsNoBrokerWhereNothingIs) {
  const Ran ran = doctor(path("nothing.sock"));
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(finding(ran.out, "nothing there").at("verdict"), "ok");
  EXPECT_EQ(finding(ran.out, "no broker answers").at("verdict"), "problem");
}

TEST_F(CliDoctor, FindsAFileThatIsNoSocket) {
  const Ran ran = doctor(write_file("file", "text"));
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(finding(ran.out, "no socket").at("command"),
            "mv " + path("file") + " " + path("file.old"));
  EXPECT_EQ(read_file(path("file")), "text") << "it changes nothing";
}

TEST_F(CliDoctor, FindsAnotherProgramsSocket) {
  const UniqueFd stream = listening_socket(path("stream"), SOCK_STREAM);
  EXPECT_EQ(doctor(path("stream")).status, 1);
  EXPECT_EQ(finding(doctor(path("stream")).out, "no broker of Busbar").at("verdict"), "problem");
}

void stop(Process& process) {
  process.kill(SIGSTOP);
  const std::string stat = "/proc/" + std::to_string(process.pid()) + "/stat";
  ASSERT_TRUE(eventually([&] { return read_file(stat).find(") T ") != std::string::npos; }));
}

TEST_F(CliDoctor, FindsABrokerThatIsStopped) {
  stop(broker_.process());
  const Ran ran = doctor(broker_.socket());
  broker_.process().kill(SIGCONT);
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(finding(ran.out, "is stopped").at("command"),
            "kill -CONT " + std::to_string(broker_.process().pid()));
}

TEST(CliDoctorSocketActivation, TellsTheBrokerFromWhoMadeItsSocket) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s");
  const UniqueFd listening = listening_socket(path);
  Process broker({"sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\"", BUSBARD_PATH},
                 {.descriptors = {listening.get()}});
  ASSERT_TRUE(broker.wait_for_stderr("serves bus"));
  stop(broker);
  const Ran ran = doctor(path);
  broker.kill(SIGCONT);
  EXPECT_EQ(finding(ran.out, "is stopped").at("command"),
            "kill -CONT " + std::to_string(broker.pid()));
}

TEST(CliDoctorSocketActivation, BlamesNobodyForABrokerThatIsNotThere) {
  const TemporaryDirectory directory;
  const UniqueFd listening = listening_socket(directory.path("s"));
  const Json found = finding(doctor(directory.path("s")).out, "its broker does not answer");
  EXPECT_EQ(found.at("command"), "systemctl status busbard");
}

TEST_F(CliDoctor, FindsSegmentsOfADeadBrokerAndRemovesNothing) {
  const std::string prefix = "busbar-doctor-" + std::to_string(::geteuid()) + "-deadbeef-";
  const SegmentFile segment(prefix + "0011223344556677-ring");
  const Ran ran = doctor(broker_.socket());
  EXPECT_EQ(ran.status, 0) << "a warning";
  const Json found = finding(ran.out, prefix);
  EXPECT_EQ(found.at("verdict"), "warning");
  EXPECT_EQ(found.at("command"), "rm /dev/shm/" + prefix + "*");
  EXPECT_EQ(::access(segment.path().c_str(), F_OK), 0);
}

TEST_F(CliDoctor, FindsFilesThatNoBrokerMade) {
  const SegmentFile file("busbar-doctor-foreign-" + std::to_string(::getpid()));
  const Json found = finding(doctor(broker_.socket()).out, file.path());
  EXPECT_EQ(found.at("verdict"), "warning");
  EXPECT_EQ(found.at("command"), "rm -i " + file.path());
}

TEST(CliDoctorLimits, AFullLimitIsAProblem) {
  const TestBroker broker({.config = R"({"limits": {"channels": 1}})"});
  broker.connect().create("only");
  const Ran ran = doctor(broker.socket());
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(finding(ran.out, "channels 1 of 1").at("verdict"), "problem");
}

TEST(CliDoctorLimits, ABrokerThatTakesNoMoreClientsIsAProblem) {
  constexpr int kOperators = 8;  // of this user, beyond the limit
  const TestBroker broker({.config = R"({"limits": {"clients": 1}})"});
  std::vector<Bus> clients;
  for (int i = 0; i < 1 + kOperators; ++i) clients.push_back(broker.connect());
  const Ran ran = doctor(broker.socket());
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(finding(ran.out, "limit of 1 clients").at("command").get<std::string>(),
              HasSubstr("ss -xp"));
}

TEST_F(CliDoctor, NamesWhoHoldsUpAChannel) {
  Bus bus = broker_.connect("sleeper");
  bus.create("quotes", {.capacity = 4096, .max_message = 64, .when_full = WhenFull::drop_newest});
  Publisher publisher = bus.publisher("quotes");
  Subscriber slow = bus.subscriber("quotes");
  const std::vector<std::byte> message(64);
  while (publisher.publish(message) == Outcome::ok) continue;
  const Json found = finding(doctor(broker_.socket()).out, "\"sleeper\"");
  EXPECT_EQ(found.at("verdict"), "warning");
  EXPECT_EQ(found.at("command"), "busbar show quotes   # its pid");
  EXPECT_THAT(found.at("why").get<std::string>(), HasSubstr("dropped"));
}

/// As an unprivileged user, which only root can become.
class CliDoctorOfAnotherUser : public CliDoctor {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    if (run({"setpriv", "--version"}).status != 0) GTEST_SKIP() << "needs setpriv";
    ASSERT_EQ(::chmod(broker_.directory().path().c_str(), 0755), 0);
  }

  Ran doctor_of_another_user(const std::string& socket) const {
    // The program itself may lie where that user cannot go.
    const std::string program = path("busbar");
    EXPECT_EQ(run({"cp", BUSBAR_CLI_PATH, program}).status, 0);
    return run({"setpriv", "--reuid", "2345", "--regid", "2345", "--clear-groups", program,
                "--socket", socket, "--json", "doctor"});
  }
};

TEST_F(CliDoctorOfAnotherUser, NamesTheGroupThatMayConnect) {
  ASSERT_EQ(::chown(broker_.socket().c_str(), 0, 1), 0);
  ASSERT_EQ(::chmod(broker_.socket().c_str(), 0660), 0);
  const Ran ran = doctor_of_another_user(broker_.socket());
  EXPECT_EQ(ran.status, 1);
  const Json found = finding(ran.out, "may not connect");
  EXPECT_THAT(found.at("what").get<std::string>(), HasSubstr("root:daemon, mode 0660"));
  EXPECT_THAT(found.at("command").get<std::string>(), HasSubstr("usermod -aG daemon 2345"));
}

TEST_F(CliDoctorOfAnotherUser, NamesTheFolderThatKeepsThemOut) {
  ASSERT_EQ(::mkdir(path("closed").c_str(), 0700), 0);
  const Ran ran = doctor_of_another_user(path("closed/control.sock"));
  EXPECT_THAT(finding(ran.out, "may not connect").at("what").get<std::string>(),
              HasSubstr(path("closed") + " belongs to root"));
}

TEST_F(CliDoctorOfAnotherUser, TellsThatTheBrokerRefusesThem) {
  ASSERT_EQ(::chmod(broker_.socket().c_str(), 0666), 0);
  const Ran ran = doctor_of_another_user(broker_.socket());
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(finding(ran.out, "refuses you").at("verdict"), "problem");
}

}  // namespace
}  // namespace busbar::test
