#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>

#include "cli/doctor/checks.hpp"
#include "cli/doctor/shell_word.hpp"

namespace busbar::cli {
namespace {

using enum Verdict;

constexpr const char* kJournal = "journalctl -u busbard -b -n 50 --no-pager";

std::string output_of(const char* command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command, "re"), ::pclose);
  std::string text;
  char bytes[1024];
  while (pipe != nullptr) {
    const std::size_t count = std::fread(bytes, 1, sizeof bytes, pipe.get());
    if (count == 0) break;
    text.append(bytes, count);
  }
  return text;
}

std::string property(const UnitProperties& unit, const std::string& name) {
  const auto at = unit.find(name);
  return at == unit.end() ? "" : at->second;
}

}  // namespace

std::optional<UnitProperties> look_at_service() {
  // As sd_booted(3) has it.
  std::error_code error;
  if (!std::filesystem::is_directory("/run/systemd/system", error)) return std::nullopt;
  std::istringstream lines(
      output_of("systemctl show busbard.service --property=LoadState,ActiveState,SubState,Result,"
                "MainPID "
                "2>/dev/null"));
  UnitProperties unit;
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find('=');
    if (at != std::string::npos) unit[line.substr(0, at)] = line.substr(at + 1);
  }
  if (unit.empty()) return std::nullopt;
  return unit;
}

bool is_installed(const std::optional<UnitProperties>& unit) {
  return unit && property(*unit, "LoadState") == "loaded";
}

pid_t process_of(const std::optional<UnitProperties>& unit) {
  return unit ? static_cast<pid_t>(std::atol(property(*unit, "MainPID").c_str())) : 0;
}

Findings service_findings(const std::optional<UnitProperties>& unit) {
  if (!unit) return {{ok, "service", "systemd does not run this machine", {}, {}}};
  const std::string load = property(*unit, "LoadState");
  if (load == "not-found") return {{ok, "service", "no unit busbard.service", {}, {}}};
  if (load != "loaded") {
    return {{problem, "service", "busbard.service cannot be loaded: " + load,
             "systemd does not start the broker", "systemctl status busbard"}};
  }
  const std::string state = property(*unit, "ActiveState");
  const std::string words =
      "busbard.service is " + state + " (" + property(*unit, "SubState") + ")";
  if (state == "failed") {
    return {{problem, "service", words + ": " + property(*unit, "Result"),
             "the broker does not run, and systemd has given up", kJournal}};
  }
  if (state == "activating" && property(*unit, "SubState") == "auto-restart") {
    return {{problem, "service", words + ": it ends again and again", "the broker does not stay up",
             kJournal}};
  }
  if (state == "inactive") {
    return {{warning, "service", words, "nobody started the broker of this machine",
             "sudo systemctl enable --now busbard"}};
  }
  return {{ok, "service", words, {}, {}}};
}

Findings config_findings(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return {{ok, "config", path + ": none, a broker of this machine has the defaults", {}, {}}};
  }
  if (::access(path.c_str(), R_OK) == 0) return {{ok, "config", path + " is readable", {}, {}}};
  return {{warning, "config", path + ": " + std::strerror(errno),
           "you cannot check it; the broker starts if its own user may read it",
           "ls -l " + shell_word(path)}};
}

}  // namespace busbar::cli
