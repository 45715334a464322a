#include "sample.hpp"

#include <cstdio>

namespace compare {
namespace {

constexpr double kNear = 180;  // ns
constexpr double kFar = 250;

/// What both probes say; "mixed" if they do not agree or lie between.
const char* mode_of(const std::vector<double>& lines) {
  if (lines.size() < 2) return "unknown";
  if (lines[0] < kNear && lines[1] < kNear) return "near";
  if (lines[0] > kFar && lines[1] > kFar) return "far";
  return "mixed";
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c < ' ' ? ' ' : c;
  }
  return result;
}

void print_plan(const Plan& plan) {
  std::printf("\"test\":\"%s\",\"wait\":\"%s\",\"size\":%zu,\"capacity\":%llu,",
              to_string(plan.test), to_string(plan.wait), plan.size,
              static_cast<unsigned long long>(plan.capacity));
  std::printf("\"writers\":%d,\"readers\":%d,\"channels\":%d,\"batch\":%d,\"single\":%d,",
              plan.writers, plan.readers, plan.channels, plan.batch, plan.single ? 1 : 0);
  std::printf("\"untouched\":%d", plan.untouched ? 1 : 0);
}

}  // namespace

void Sample::print() const {
  std::printf("{\"peer\":\"%s\",", peer.c_str());
  print_plan(plan);
  std::printf(",\"mode\":\"%s\",\"lines\":[", mode_of(lines));
  for (std::size_t i = 0; i < lines.size(); ++i) std::printf(i == 0 ? "%.1f" : ",%.1f", lines[i]);
  std::printf("]");
  const auto read = static_cast<double>(window.read);
  if (window.read > 0) {
    const double rate = read / window.seconds / plan.readers;
    std::printf(",\"rate\":%.0f,\"bytes\":%.0f,\"cpu_ns\":%.2f,\"switches\":%.3g", rate,
                rate * static_cast<double>(plan.size), window.usage.cpu_ns / read,
                static_cast<double>(window.usage.voluntary + window.usage.involuntary) / read);
    if (plan.calls) {
      std::printf(",\"calls\":%.3g", static_cast<double>(window.calls) / read);
    }
  }
  if (trips.count > 0) {
    std::printf(",\"trips\":%llu,\"mean\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f",
                static_cast<unsigned long long>(trips.count), trips.mean, trips.p50, trips.p99,
                trips.p999);
  }
  std::printf(",\"wake_ups\":%llu,\"daemon_wake_ups\":%llu,\"daemon_cpu_ns\":%.0f",
              static_cast<unsigned long long>(window.usage.voluntary),
              static_cast<unsigned long long>(window.daemons.voluntary), window.daemons.cpu_ns);
  std::printf(",\"pss\":%llu,\"pss_shared\":%llu",
              static_cast<unsigned long long>(window.memory.all),
              static_cast<unsigned long long>(window.memory.shared));
  if (!failure.empty()) std::printf(",\"failed\":\"%s\"", escaped(failure).c_str());
  std::printf("}\n");
}

}  // namespace compare
