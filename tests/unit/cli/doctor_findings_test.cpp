// The verdicts of `busbar doctor`, for machines in any state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <busbar/version.hpp>

#include "cli/doctor/checks.hpp"
#include "cli/doctor/shell_word.hpp"

namespace busbar::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using State = SocketProbe::State;
using enum Verdict;

auto is(Verdict verdict, const std::string& what) {
  return AllOf(Field(&Finding::verdict, verdict), Field(&Finding::what, HasSubstr(what)));
}

auto says(Verdict verdict, const std::string& what, const std::string& command) {
  return AllOf(is(verdict, what), Field(&Finding::why, Not(IsEmpty())),
               Field(&Finding::command, HasSubstr(command)));
}

SocketProbe probe(const std::string& path, State state) {
  SocketProbe probe;
  probe.path = probe.denier = path;
  probe.state = state;
  return probe;
}

SocketProbe answering(const std::string& version) {
  SocketProbe answers = probe("/b", State::answers);
  answers.broker.version = version;
  return answers;
}

// ---- sockets ----

TEST(SocketFindings, NothingAnywhereIsOneProblem) {
  EXPECT_THAT(
      socket_findings({probe("/a", State::missing), probe("/b", State::missing)}, false),
      ElementsAre(is(ok, "/a"), is(ok, "/b"), says(problem, "no broker answers", "busbard")));
}

TEST(SocketFindings, AreFineIfOneAnswers) {
  EXPECT_THAT(socket_findings({probe("/a", State::missing), answering(library_version())}, false),
              ElementsAre(is(ok, "/a"), is(ok, "answers")));
}

TEST(SocketFindings, WhatIsPassedOverOnTheWayIsAWarning) {
  EXPECT_THAT(
      socket_findings({probe("/a", State::nobody_listens), answering(library_version())}, false),
      ElementsAre(is(warning, "/a: stale"), is(ok, "answers")));
}

TEST(SocketFindings, TheServiceIsRestartedWhereThereIsOne) {
  const std::vector probes{probe("/run/busbar/control.sock", State::nobody_listens)};
  EXPECT_THAT(socket_findings(probes, true),
              ElementsAre(says(problem, "stale", "systemctl restart busbard")));
  EXPECT_THAT(socket_findings(probes, false),
              ElementsAre(says(problem, "stale", "busbard --socket /run/busbar/control.sock")));
}

TEST(SocketFindings, EveryStateHasAConsequenceAndACommand) {
  for (const State state :
       {State::not_a_socket, State::denied, State::nobody_listens, State::other_program,
        State::silent, State::refused, State::full, State::other_version, State::failed}) {
    EXPECT_THAT(socket_findings({probe("/a", state)}, false),
                ElementsAre(says(problem, "/a", " ")));
  }
}

TEST(SocketFindings, TheGroupThatMayConnectIsNamed) {
  SocketProbe denied = probe("/a", State::denied);
  denied.group = 1;  // "daemon" on every system
  denied.mode = 0660;
  EXPECT_THAT(socket_findings({denied}, false),
              ElementsAre(says(problem, ":daemon, mode 0660", "daemon")));
  denied.mode = 0600;
  EXPECT_THAT(socket_findings({denied}, false),
              ElementsAre(says(problem, "0600", "sudo -u root ")));
}

TEST(SocketFindings, AStoppedBrokerIsToGoOn) {
  SocketProbe silent = probe("/a", State::silent);
  silent.listener = 4711;
  silent.listener_stopped = true;
  EXPECT_THAT(socket_findings({silent}, false),
              ElementsAre(says(problem, "is stopped", "kill -CONT 4711")));
}

TEST(SocketFindings, AnotherVersionIsAWarning) {
  EXPECT_THAT(socket_findings({answering("9.9.9")}, false),
              ElementsAre(says(warning, "9.9.9", "upgrade")));
}

// ---- shared memory ----

TEST(SharedMemoryFindings, WithoutItABrokerCannotWorkButClientsCan) {
  EXPECT_THAT(shared_memory_findings({}, false), ElementsAre(says(problem, "/dev/shm", "mount")));
  EXPECT_THAT(shared_memory_findings({}, true), ElementsAre(says(warning, "/dev/shm", "mount")));
}

TEST(SharedMemoryFindings, NearlyFullIsAWarning) {
  EXPECT_THAT(shared_memory_findings({true, true, 1000, 500}, false), ElementsAre(is(ok, "50%")));
  EXPECT_THAT(shared_memory_findings({true, true, 1000, 99}, false),
              ElementsAre(says(warning, "90%", "ls -lS /dev/shm")));
}

TEST(SharedMemoryFindings, HasToBeWritableForABroker) {
  EXPECT_THAT(shared_memory_findings({true, false, 1000, 500}, false),
              Contains(says(problem, "not writable", "chmod 1777")));
}

// ---- segments ----

constexpr const char* kRing = "busbar-default-1000-0123abcd-0011223344556677-ring";
constexpr const char* kPrefix = "/dev/shm/busbar-default-1000-0123abcd-*";

ProcessFiles process(pid_t pid, const std::string& name, std::set<std::string> files) {
  return {pid, 1000, name, true, std::move(files)};
}

TEST(SegmentFindings, OfALivingBrokerAreFine) {
  EXPECT_THAT(segment_findings({{kRing, 1000, 4096}}, {process(5, "busbard", {kRing})}, 1000),
              ElementsAre(is(ok, "brokers that live: 1 segment, 4KiB")));
}

TEST(SegmentFindings, OfADeadBrokerAreToBeRemoved) {
  EXPECT_THAT(segment_findings({{kRing, 1000, 4096}}, {process(5, "busbard", {"other"})}, 1000),
              Contains(says(warning, kPrefix, "rm /dev/shm/busbar-default-1000-0123abcd-*")));
}

TEST(SegmentFindings, OfOneBrokerStandTogether) {
  const SegmentFile other{"busbar-default-1000-0123abcd-8899aabbccddeeff-seats", 1000, 4096};
  EXPECT_THAT(
      segment_findings({{kRing, 1000, 4096}, other}, {process(5, "busbard", {kRing})}, 1000),
      ElementsAre(is(ok, "brokers that live: 2 segments, 8KiB")));
}

TEST(SegmentFindings, ThatMembersStillUseWithoutABrokerNameThem) {
  EXPECT_THAT(segment_findings({{kRing, 1000, 4096}}, {process(5, "feed", {kRing})}, 1000),
              Contains(says(warning, "their broker has died", "ps -fp 5")));
}

TEST(SegmentFindings, AreNotJudgedWhereProcessesCannotBeRead) {
  ProcessFiles hidden = process(5, "busbard", {});
  hidden.readable = false;
  EXPECT_THAT(segment_findings({{kRing, 1000, 4096}}, {hidden}, 2000),
              AllOf(Each(Field(&Finding::verdict, ok)), Contains(is(ok, "not to be judged"))));
}

TEST(SegmentFindings, FilesThatNoBrokerMadeAreForeign) {
  for (const SegmentFile& file :
       {SegmentFile{kRing, 2000, 4096}, SegmentFile{"busbar-evil", 1000, 4096},
        SegmentFile{"busbar-default-1000-0123abcd-short-ring", 1000, 4096},
        SegmentFile{"busbar-default-1000-0123abcd-0011223344556677-other", 1000, 4096},
        SegmentFile{"busbar-1000-0123abcd-0011223344556677-ring", 1000, 4096}}) {
    EXPECT_THAT(segment_findings({file}, {}, 1000),
                Contains(says(warning, "made by no broker", "rm -i /dev/shm/" + file.name)));
  }
}

TEST(SegmentFindings, NoNameIsMoreThanANameToAShell) {
  EXPECT_THAT(
      segment_findings({{"busbar-x; reboot \x1b[2J", 1000, 1}}, {}, 1000),
      Contains(AllOf(Field(&Finding::command, "rm -i $'/dev/shm/busbar-x; reboot \\x1b[2J'"),
                     Field(&Finding::what, Not(HasSubstr("\x1b"))))));
}

// ---- machine ----

TEST(MachineFindings, AreFineOnANewOne) {
  EXPECT_THAT(machine_findings({1024, 4096, true, true, true, "6.18"}),
              Each(Field(&Finding::verdict, ok)));
  EXPECT_THAT(machine_findings({1024, 4096, true, true, false, "6.1"}),
              Each(Field(&Finding::verdict, ok)));
}

TEST(MachineFindings, TellWhatIsMissing) {
  const auto findings = machine_findings({64, 4096, false, false, false, "4.19"});
  EXPECT_THAT(findings, Contains(says(warning, "at most 64", "ulimit -n 4096")));
  EXPECT_THAT(findings, Contains(says(warning, "membarrier is refused", "Seccomp")));
  EXPECT_THAT(findings, Contains(says(problem, "pidfd_open is refused (4.19)", "uname")));
}

// ---- broker ----

BrokerState healthy() {
  BrokerState state;
  state.broker.memory_limit = 1000;
  state.broker.clients_limit = 100;
  state.broker.channels_limit = 100;
  ChannelInfo channel;
  channel.name = "quotes";
  channel.capacity = 1000;
  channel.segment = "named";
  state.channels = {channel};
  return state;
}

TEST(BrokerFindings, AreFineOfAHealthyOne) {
  EXPECT_THAT(broker_findings(healthy()), Each(Field(&Finding::verdict, ok)));
}

TEST(BrokerFindings, ALimitThatIsNearlyReachedIsAWarningAndOneThatIsAProblem) {
  BrokerState state = healthy();
  state.broker.clients = 91;
  state.broker.channels = 100;
  state.broker.memory = 900;
  state.broker.descriptors = 1000;
  state.descriptor_limit = 1024;
  const auto findings = broker_findings(state);
  EXPECT_THAT(findings, Contains(says(warning, "clients 91 of 100", "busbar clients")));
  EXPECT_THAT(findings, Contains(says(problem, "channels 100 of 100", "busbar rm")));
  EXPECT_THAT(findings, Contains(is(ok, "memory 900 of 1000, 90%")));
  EXPECT_THAT(findings, Contains(says(warning, "descriptors 1000 of 1024", "LimitNOFILE")));
}

TEST(BrokerFindings, ALimitThatSharedMemoryHasNoRoomForIsAWarning) {
  BrokerState state = healthy();
  state.free_shared_memory = 999;
  EXPECT_THAT(broker_findings(state), Contains(says(warning, "/dev/shm has 999 free", "remount")));
  state.channels[0].segment = "sealed";
  EXPECT_THAT(broker_findings(state), Each(Field(&Finding::verdict, ok)));
}

TEST(BrokerFindings, ALongTurnIsAWarning) {
  BrokerState state = healthy();
  state.broker.loop_max = std::chrono::milliseconds(10);
  EXPECT_THAT(broker_findings(state), Each(Field(&Finding::verdict, ok)));
  state.broker.loop_max = std::chrono::microseconds(10'001);
  EXPECT_THAT(broker_findings(state), Contains(says(warning, "11ms", "top -H")));
}

TEST(BrokerFindings, ALagThatNoRingCanHaveIsClamped) {
  BrokerState state = healthy();
  state.channels[0].load.lag_bytes = ~std::uint64_t{0};
  EXPECT_THAT(broker_findings(state), Contains(says(warning, ", 999% of the ring", "busbar show")));
}

TEST(BrokerFindings, WhoHoldsUpAChannelIsNamedWithWhatComesOfIt) {
  BrokerState state = healthy();
  state.channels[0].load.lag_bytes = 950;
  state.channels[0].load.lag_name = "slow\x1b[2J";
  EXPECT_THAT(broker_findings(state),
              Contains(AllOf(says(warning, "\"slow\\x1b[2J\"", "busbar show quotes"),
                             Field(&Finding::why, "publishers wait for it"))));
  state.channels[0].when_full = WhenFull::evict;
  EXPECT_THAT(broker_findings(state), Contains(Field(&Finding::why, HasSubstr("lose its seat"))));
}

TEST(BrokerFindings, WhatAChannelWasNotGrantedIsAWarningEach) {
  BrokerState state = healthy();
  state.channels[0].fallbacks = {"huge pages: no", "lock: the broker may lock 64KiB"};
  const auto findings = broker_findings(state);
  EXPECT_THAT(findings, Contains(says(warning, "not granted: huge pages: no", "busbar show")));
  EXPECT_THAT(findings, Contains(AllOf(says(warning, "may lock 64KiB", "busbar show quotes"),
                                       Field(&Finding::why, HasSubstr("swapped out")))));
}

TEST(BrokerFindings, AStoppedClientThatHoldsAPlaceIsAWarning) {
  BrokerState state = healthy();
  ClientInfo client;
  client.name = "feed";
  client.pid = 4711;
  client.state = "stopped";
  state.clients = {client};
  EXPECT_THAT(broker_findings(state), Each(Field(&Finding::verdict, ok)));
  state.clients[0].publishers = 1;
  EXPECT_THAT(broker_findings(state),
              Contains(says(warning, "\"feed\" (pid 4711) is stopped and holds 1 place",
                            "kill -CONT 4711")));
}

// ---- service and configuration ----

UnitProperties unit(const std::string& state, const std::string& sub) {
  return {
      {"LoadState", "loaded"}, {"ActiveState", state}, {"SubState", sub}, {"Result", "exit-code"}};
}

TEST(ServiceFindings, AFailedUnitSendsToTheJournal) {
  EXPECT_THAT(service_findings(unit("failed", "failed")),
              ElementsAre(says(problem, "exit-code", "journalctl -u busbard")));
  EXPECT_THAT(service_findings(unit("activating", "auto-restart")),
              ElementsAre(says(problem, "again and again", "journalctl")));
  EXPECT_THAT(service_findings(unit("inactive", "dead")),
              ElementsAre(says(warning, "inactive", "systemctl enable --now")));
}

TEST(ServiceFindings, AreFineOtherwise) {
  EXPECT_THAT(service_findings(std::nullopt), ElementsAre(is(ok, "systemd")));
  EXPECT_THAT(service_findings(unit("active", "running")), ElementsAre(is(ok, "active (running)")));
  EXPECT_THAT(service_findings(UnitProperties{{"LoadState", "not-found"}}),
              ElementsAre(is(ok, "no unit")));
}

TEST(ServiceProcess, IsTheUnitsIfItRuns) {
  EXPECT_EQ(process_of(UnitProperties{{"MainPID", "4711"}}), 4711);
  EXPECT_EQ(process_of(UnitProperties{{"MainPID", "0"}}), 0);
  EXPECT_EQ(process_of(UnitProperties{}), 0);
  EXPECT_EQ(process_of(std::nullopt), 0);
}

TEST(ConfigFindings, NoneIsFine) {
  EXPECT_THAT(config_findings("/nonexistent/busbar.json"), ElementsAre(is(ok, "none")));
  EXPECT_THAT(config_findings("/proc/self/status"), ElementsAre(is(ok, "is readable")));
}

TEST(ShellWord, IsReadAsOneWord) {
  EXPECT_EQ(shell_word("/run/a.sock"), "/run/a.sock");
  EXPECT_EQ(shell_word("two words"), "'two words'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's"), "$'it\\x27s'");
}

}  // namespace
}  // namespace busbar::cli
