#include "busbar/tuning.hpp"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common/base/rough_size.hpp"
#include "common/shm/system_file.hpp"

namespace busbar {
namespace {

constexpr std::uint32_t kMostProcessors = 8192;  // the most that Linux can be built for

std::string words(int error) {
  return std::generic_category().message(error);
}

int pin(std::uint32_t cpu) {
  if (cpu >= kMostProcessors) return EINVAL;
  std::vector<unsigned char> mask(kMostProcessors / 8);
  mask[cpu / 8] = static_cast<unsigned char>(1u << (cpu % 8));
  // By the bare call: glibc's set ends at 1024 processors. 0 is the calling thread.
  return ::syscall(SYS_sched_setaffinity, 0, mask.size(), mask.data()) == 0 ? 0 : errno;
}

TuningStep on_processor(std::uint32_t cpu) {
  TuningStep step{"processor " + std::to_string(cpu), false, {}, {}};
  const int error = pin(cpu);
  step.granted = error == 0;
  if (step.granted) return step;
  const std::string online = shm::system_line("/sys/devices/system/cpu/online");
  step.why = error == EINVAL ? "it is not there, or kept from this process (online: " + online + ")"
                             : words(error);
  step.remedy =
      "give one that is there; a cpuset keeps others away (AllowedCPUs= of a unit, "
      "--cpuset-cpus of a container)";
  return step;
}

TuningStep in_real_time(std::uint32_t priority) {
  TuningStep step{"SCHED_FIFO priority " + std::to_string(priority), false, {}, {}};
  sched_param parameters{};
  parameters.sched_priority = static_cast<int>(std::min<std::uint32_t>(priority, 1000));
  // 0 is the calling thread, not the process.
  step.granted = ::sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
  if (step.granted) return step;
  const int error = errno;
  step.why = words(error);
  step.remedy = error == EINVAL
                    ? "give a priority from 1 to 99"
                    : "LimitRTPRIO= of its unit, rtprio in /etc/security/limits.d, or CAP_SYS_NICE";
  return step;
}

bool has_capability(int capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[capability / 32].effective >> (capability % 32) & 1) != 0;
}

TuningStep locked_memory() {
  TuningStep step{"locked memory", false, {}, {}};
  rlimit limit{};
  const bool limited = ::getrlimit(RLIMIT_MEMLOCK, &limit) != 0 ||
                       (limit.rlim_cur != RLIM_INFINITY && !has_capability(CAP_IPC_LOCK));
  // With a limit, MCL_FUTURE would make later mappings fail: a ring that is opened, a large buffer.
  step.granted = ::mlockall(limited ? MCL_CURRENT : MCL_CURRENT | MCL_FUTURE) == 0;
  if (step.granted) {
    if (limited) step.what += " (what is mapped now)";
    return step;
  }
  step.why = words(errno) + "; the process may lock " + rough_size_text(limit.rlim_cur);
  step.remedy = "LimitMEMLOCK= of its unit, memlock in /etc/security/limits.d, or CAP_IPC_LOCK";
  return step;
}

}  // namespace

bool TuningReport::all_granted() const noexcept {
  return std::all_of(steps.begin(), steps.end(), [](const auto& step) { return step.granted; });
}

std::string TuningReport::text() const {
  std::string text;
  for (const TuningStep& step : steps) {
    text += step.what;
    text += step.granted ? ": granted" : ": refused: " + step.why + "; " + step.remedy;
    text += "\n";
  }
  return text;
}

TuningReport tune_this_thread(const ThreadTuning& wanted) {
  TuningReport report;
  if (wanted.cpu) report.steps.push_back(on_processor(*wanted.cpu));
  if (wanted.fifo_priority) report.steps.push_back(in_real_time(*wanted.fifo_priority));
  if (wanted.lock_memory) report.steps.push_back(locked_memory());
  return report;
}

}  // namespace busbar
