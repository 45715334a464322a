#pragma once

#include <busbar/info.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/doctor/finding.hpp"
#include "cli/doctor/process_files.hpp"
#include "cli/doctor/socket_probe.hpp"

// The checks of `busbar doctor`. What judges is apart from what looks, so that each verdict can be
// tried without a machine that is in that state. None changes anything.

namespace busbar::cli {

/// `service`: the machine has a unit of busbard.
Findings socket_findings(const std::vector<SocketProbe>& probes, bool service);

struct SharedMemory {
  bool mounted = false;  // as a tmpfs
  bool writable = false;
  std::uint64_t size = 0;  // bytes; 0: no limit of its own
  std::uint64_t free = 0;
};
SharedMemory look_at_shared_memory();
/// `answered`: a broker does.
Findings shared_memory_findings(const SharedMemory& memory, bool answered);

/// A file in /dev/shm whose name begins as a segment's does.
struct SegmentFile {
  std::string name;
  uid_t owner = 0;
  std::uint64_t bytes = 0;
};
std::vector<SegmentFile> look_at_segments();
Findings segment_findings(const std::vector<SegmentFile>& files,
                          const std::vector<ProcessFiles>& processes, uid_t caller);

struct Machine {
  std::uint64_t soft_descriptors = 0;
  std::uint64_t hard_descriptors = 0;
  bool membarrier = false;
  bool pidfd = false;
  bool peer_pidfd = false;
  std::string kernel;
};
Machine look_at_machine();
Findings machine_findings(const Machine& machine);

/// What the broker told, and what the machine tells of it.
struct BrokerState {
  BrokerInfo broker;
  std::vector<ChannelInfo> channels;
  std::vector<ClientInfo> clients;  // none for who may not list them
  std::optional<std::uint64_t> descriptor_limit;
  std::optional<std::uint64_t> free_shared_memory;
};
Findings broker_findings(const BrokerState& state);

/// A systemd unit's properties by name; nothing without systemd.
using UnitProperties = std::map<std::string, std::string>;
std::optional<UnitProperties> look_at_service();
bool is_installed(const std::optional<UnitProperties>& unit);
/// 0: it does not run.
pid_t process_of(const std::optional<UnitProperties>& unit);
Findings service_findings(const std::optional<UnitProperties>& unit);

Findings config_findings(const std::string& path);

}  // namespace busbar::cli
