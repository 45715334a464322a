#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <busbar/version.hpp>
#include <cstdio>

#include "cli/doctor/checks.hpp"
#include "cli/doctor/shell_word.hpp"

namespace busbar::cli {
namespace {

using State = SocketProbe::State;
using enum Verdict;

constexpr const char* kUpgrade = "sudo apt-get install --only-upgrade busbard busbar libbusbar1";
constexpr const char* kServicePath = "/run/busbar/control.sock";

std::string user_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry == nullptr ? std::to_string(uid) : entry->pw_name;
}

std::string group_name(gid_t gid) {
  const group* entry = ::getgrgid(gid);
  return entry == nullptr ? std::to_string(gid) : entry->gr_name;
}

std::string mode_text(mode_t mode) {
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

std::string start_command(const std::string& path, bool service) {
  if (service && path == kServicePath) return "sudo systemctl restart busbard";
  return "busbard --socket " + shell_word(path) + " &";
}

bool is_listed(const std::string& user, gid_t gid) {
  const group* entry = ::getgrgid(gid);
  if (entry == nullptr) return false;
  for (char** member = entry->gr_mem; *member != nullptr; ++member) {
    if (user == *member) return true;
  }
  return false;
}

/// Which command lets the caller in.
std::string admission(const SocketProbe& probe) {
  const bool folder = probe.denier != probe.path;
  const bool group_may = (probe.mode & (folder ? 0010 : 0020)) != 0 && probe.group != 0;
  if (!group_may) {
    return folder ? "sudo chmod a+x " + shell_word(probe.denier)
                  : "sudo -u " + shell_word(user_name(probe.owner)) + " busbar doctor";
  }
  const std::string user = user_name(::geteuid());
  const std::string group = group_name(probe.group);
  // A login keeps the groups that there were when it began.
  if (is_listed(user, probe.group)) return "newgrp " + shell_word(group);
  return "sudo usermod -aG " + shell_word(group) + " " + shell_word(user) + "   # then log in anew";
}

Finding denied(const SocketProbe& probe) {
  return {problem, "socket",
          probe.path + ": you (" + user_name(::geteuid()) + ") may not connect; " + probe.denier +
              " belongs to " + user_name(probe.owner) + ":" + group_name(probe.group) + ", mode " +
              mode_text(probe.mode),
          "programs of this user find no broker here", admission(probe)};
}

Finding silent(const SocketProbe& probe) {
  const std::string who = probe.listener == 0
                              ? "its broker"
                              : "its broker (pid " + std::to_string(probe.listener) + ")";
  return {problem, "socket",
          probe.path + ": " + who +
              (probe.listener_stopped ? " is stopped" : " does not answer within 3 s"),
          "nobody can join or ask; members go on with what they have open",
          probe.listener == 0 ? "systemctl status busbard"
          : probe.listener_stopped
              ? "kill -CONT " + std::to_string(probe.listener)
              : "ps -o pid,stat,wchan,etime,args -p " + std::to_string(probe.listener)};
}

Finding answers(const SocketProbe& probe) {
  const BrokerInfo& broker = probe.broker;
  const std::string words = probe.path + ": busbard " + broker.version + " (bus \"" + broker.bus +
                            "\", pid " + std::to_string(broker.pid) + ") answers";
  if (broker.version == library_version()) return {ok, "socket", words, {}, {}};
  return {warning, "socket", words + "; this busbar has library " + std::string(library_version()),
          "they understand each other, but what is newer in one of them the other does not have",
          kUpgrade};
}

Finding judge(const SocketProbe& probe, bool service) {
  switch (probe.state) {
    case State::missing:
      return {ok, "socket", probe.path + ": nothing there", {}, {}};
    case State::not_a_socket:
      return {problem, "socket", probe.path + ": a file that is no socket",
              "no broker starts there: it removes nothing that it did not make",
              "mv " + shell_word(probe.path) + " " + shell_word(probe.path + ".old")};
    case State::denied:
      return denied(probe);
    case State::nobody_listens:
      return {problem, "socket", probe.path + ": stale, nobody listens; its broker has died",
              "programs find no broker here; a new broker takes the path over by itself",
              start_command(probe.path, service)};
    case State::other_program:
      return {problem, "socket", probe.path + ": somebody listens who is no broker of Busbar",
              "programs that look for a broker here find something else",
              "sudo ss -xlp src " + shell_word(probe.path)};
    case State::silent:
      return silent(probe);
    case State::refused:
      return {problem, "socket", probe.path + ": the broker refuses you: " + probe.words,
              "programs of this user cannot use this bus",
              "sudoedit /etc/busbar/busbar.json && sudo busbar reload   # put " +
                  shell_word(user_name(::geteuid())) + " or a group of yours into a list"};
    case State::full:
      return {problem, "socket", probe.path + ": " + probe.words,
              "programs that start now cannot join",
              "sudo ss -xp | grep -F " + shell_word(probe.path) + "   # who they are"};
    case State::other_version:
      return {problem, "socket", probe.path + ": " + probe.words,
              "programs with this library cannot use this broker", kUpgrade};
    case State::failed:
      return {problem, "socket", probe.path + ": " + probe.words, "programs find no broker here",
              start_command(probe.path, service)};
    case State::answers:
      return answers(probe);
  }
  return {};
}

/// Whether anything that was said explains why no broker answers.
bool is_explained(const Findings& findings) {
  return std::ranges::any_of(findings, [](const Finding& each) { return each.verdict == problem; });
}

}  // namespace

Findings socket_findings(const std::vector<SocketProbe>& probes, bool service) {
  const bool answered = std::ranges::any_of(
      probes, [](const SocketProbe& probe) { return probe.state == State::answers; });
  Findings findings;
  for (const SocketProbe& probe : probes) {
    Finding finding = judge(probe, service);
    // Programs pass over it and find the one that answers.
    if (answered && finding.verdict == problem) finding.verdict = warning;
    findings.push_back(std::move(finding));
  }
  if (!answered && !is_explained(findings)) {
    findings.push_back({problem, "socket", "no broker answers",
                        "programs cannot join a bus; members go on with what they have open",
                        start_command(probes.back().path, service)});
  }
  return findings;
}

}  // namespace busbar::cli
