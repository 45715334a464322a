#include <unistd.h>

#include <algorithm>
#include <busbar/bus.hpp>
#include <string>

#include "cli/doctor/checks.hpp"
#include "cli/exit.hpp"
#include "cli/json_output.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(Looks at the sockets, /dev/shm and what dead brokers left there, the kernel, the service, the
configuration file, the broker's limits and its channels. It changes nothing: where something is wrong
it says what, what comes of it, and the command that mends it or shows more.

Exit status: 0 if there is no problem (there may be warnings), 1 if there is one.

Examples:
  busbar doctor
  sudo busbar doctor
  busbar --socket /run/busbar/control.sock doctor
  busbar doctor --json | jq -r '.findings[] | select(.verdict != "ok") | .command')";

constexpr const char* kConfigFile = "/etc/busbar/busbar.json";

void append(Findings& findings, Findings more) {
  for (Finding& finding : more) findings.push_back(std::move(finding));
}

Findings broker_findings(const SocketProbe& probe, const SharedMemory& memory) {
  BrokerState state{probe.broker, probe.channels, probe.clients, {}, {}};
  const auto pid = static_cast<pid_t>(probe.broker.pid);
  // In another PID namespace the number is somebody else's.
  if (process_name(pid) == "busbard") state.descriptor_limit = descriptor_limit(pid);
  if (memory.mounted && memory.size != 0) state.free_shared_memory = memory.free;
  return broker_findings(state);
}

bool answers(const SocketProbe& probe) {
  return probe.state == SocketProbe::State::answers;
}

Findings examine(const CommonOptions& options) {
  const auto service = look_at_service();
  std::vector<SocketProbe> probes;
  for (const std::string& path : Bus::sockets(options.socket)) {
    probes.push_back(probe_socket(path, options, process_of(service)));
  }
  const SharedMemory memory = look_at_shared_memory();
  // The files before the processes: a broker that makes one meanwhile is then seen with it.
  const auto segments = look_at_segments();
  Findings findings = socket_findings(probes, is_installed(service));
  append(findings, service_findings(service));
  append(findings, config_findings(kConfigFile));
  append(findings, shared_memory_findings(memory, std::ranges::any_of(probes, answers)));
  append(findings, segment_findings(segments, all_process_files(), ::geteuid()));
  append(findings, machine_findings(look_at_machine()));
  for (const SocketProbe& probe : probes) {
    if (answers(probe)) append(findings, broker_findings(probe, memory));
  }
  return findings;
}

std::ptrdiff_t count(const Findings& findings, Verdict verdict) {
  return std::ranges::count(findings, verdict, &Finding::verdict);
}

std::string number_text(std::ptrdiff_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string text(const Findings& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    std::string word = verdict_text(finding.verdict);
    word.resize(9, ' ');
    out += word + printable(finding.what) + "\n";
    if (!finding.why.empty()) out += "         why: " + printable(finding.why) + "\n";
    if (!finding.command.empty()) out += "         do:  " + finding.command + "\n";
  }
  return out + "\n" + number_text(count(findings, Verdict::problem), "problem") + ", " +
         number_text(count(findings, Verdict::warning), "warning") + "\n";
}

int run(const CommonOptions& options) {
  const Findings findings = examine(options);
  print(options.json ? findings_json(findings) : text(findings));
  return count(findings, Verdict::problem) == 0 ? kExitOk : kExitFailure;
}

}  // namespace

Verb make_doctor(CLI::App& root) {
  CLI::App* app = root.add_subcommand("doctor", "Look for what is wrong, and how to mend it");
  app->footer(kFooter);
  return {app, true, run};
}

}  // namespace busbar::cli
