#include <spdlog/spdlog.h>

#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <utility>

#include "common/base/error.hpp"
#include "config/config_loader.hpp"
#include "config/config_report.hpp"
#include "daemon/broker.hpp"
#include "daemon/command_line.hpp"
#include "daemon/descriptor_limit.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/handed_over.hpp"
#include "daemon/log.hpp"
#include "daemon/process_setup.hpp"
#include "daemon/program.hpp"
#include "daemon/purge.hpp"
#include "daemon/socket_path.hpp"
#include "daemon/supervisor.hpp"

namespace {

using namespace busbar::daemon;

/// The file with what the command line says in its stead.
busbar::config::Config configuration(const CommandLine& line) {
  using namespace busbar::config;
  Config config = line.config.empty() ? Config() : load_config(line.config);
  if (!line.socket.empty()) config.socket = line.socket;
  if (!line.log_level.empty()) config.log_level = line.log_level;
  if (!line.log_target.empty()) config.log_target = line.log_target;
  return config;
}

/// The socket that was handed over, else the one that is asked for.
Endpoint endpoint_of(const busbar::config::Config& config, std::optional<Endpoint> handed_over) {
  if (!handed_over) {
    return {prepare_socket_path(config.socket, {config.socket_mode, config.socket_group})};
  }
  if (!config.socket.empty() && config.socket != handed_over->path) {
    spdlog::warn("socket activation: {} is not used, the socket unit's {} is", config.socket,
                 handed_over->path);
  }
  return std::move(*handed_over);
}

busbar::config::Config configuration_anew(const CommandLine& line) {
  if (!line.config.empty()) return configuration(line);
  throw busbar::Error(busbar::Errc::invalid_argument,
                      "this broker was started without a configuration file (--config)");
}

int serve(busbar::config::Config config, const CommandLine& line) {
  try {
    const std::uint64_t descriptors = raise_descriptor_limit();
    report_descriptor_limit(descriptors, config.limits);
    reserve_descriptors(descriptors, config.limits);
    HandedOver handed_over = take_handed_over();
    Endpoint endpoint = endpoint_of(config, std::move(handed_over.socket));
    Broker broker(std::move(config), std::move(endpoint), std::move(handed_over.stored),
                  [line] { return configuration_anew(line); });
    broker.run();
    return kExitOk;
  } catch (const busbar::Error& error) {
    spdlog::error("{}", error.what());
    return error.errc() == busbar::Errc::invalid_argument ? kExitUsage : kExitRuntime;
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return kExitRuntime;
  }
}

int check(const std::string& file, const busbar::config::Config& config) {
  using namespace busbar::config;
  const ConfigReport report = config_report(file, config, this_machine());
  std::cout << config_report_text(report);
  return report.errors.empty() ? kExitOk : kExitUsage;
}

int purge_all(const busbar::config::Config& config) {
  try {
    const SocketRights rights{config.socket_mode, config.socket_group};
    const std::size_t count = purge(config.bus, prepare_socket_path(config.socket, rights));
    std::cout << "removed " << count << " files from /dev/shm\n";
    return kExitOk;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return kExitRuntime;
  }
}

int run(const CommandLine& line) {
  busbar::config::Config config;
  try {
    config = configuration(line);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';  // begins with FILE:LINE: for whoever reads that
    return kExitUsage;
  }
  if (line.check_config) return check(line.config, config);
  set_up_log({config.log_level, config.log_target, config.bus});
  set_up_process();
  if (line.purge) return purge_all(config);
  return serve(std::move(config), line);
}

int supervise(const CommandLine& line, Program program) {
  set_up_log({line.log_level.empty() ? "info" : line.log_level,
              line.log_target.empty() ? "auto" : line.log_target});
  try {
    return Supervisor(std::move(program)).run();
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return kExitRuntime;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = parse_command_line(argc, argv);
  if (line.exit_code) return *line.exit_code;
  if (line.supervise) return supervise(line, this_program_unsupervised(argc, argv));
  set_up_log({});
  return run(line);
}
