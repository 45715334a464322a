// busbar-bench SOCKET [ROUNDS]: round trips and rates of the installed API on this machine, with
// the cache line probed before and after each sample. scripts/bench.sh starts the broker for it.
#include <algorithm>
#include <busbar/busbar.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "cache_line.hpp"
#include "samples.hpp"
#include "workload.hpp"

namespace {

using bench::Workload;

struct Line {
  const char* name;
  const char* unit;
  bool per_line;  // compare with the cache line's round trip
  std::function<double()> run;
  std::vector<double> values = {};
  std::vector<double> ratios = {};
  std::vector<double> probes = {};
};

void sample(Line& line) {
  const double before = bench::cache_line_round_trip();
  const double value = line.run();
  const double after = bench::cache_line_round_trip();
  line.values.push_back(value);
  line.probes.push_back((before + after) / 2);
  line.ratios.push_back(value / line.probes.back());
}

void print(const Line& line) {
  const auto [low, high] = std::minmax_element(line.values.begin(), line.values.end());
  std::printf("| %s | %.1f %s | %.1f - %.1f | %.0f ns |", line.name, bench::median(line.values),
              line.unit, *low, *high, bench::median(line.probes));
  if (line.per_line) std::printf(" %.2f |", bench::median(line.ratios));
  std::printf("%s\n", line.per_line ? "" : " - |");
}

void run(const std::string& socket, int rounds) {
  const Workload small{.socket = socket};
  Workload polled = small;
  polled.poll = true;
  Workload large = small;
  large.size = 4096;
  large.messages = 1'000'000;
  large.capacity = 8 << 20;
  large.poll = true;
  std::vector<Line> lines{
      {"round trip, busy, 64 B", "ns", true, [&] { return bench::round_trip(small); }},
      {"one way, 64 B, receive()", "M/s", false, [&] { return bench::one_way(small); }},
      {"one way, 64 B, poll(256)", "M/s", false, [&] { return bench::one_way(polled); }},
      {"one way, 4 KiB, poll(256)", "M/s", false, [&] { return bench::one_way(large); }},
  };
  for (int round = 0; round < rounds; ++round) {
    for (Line& line : lines) sample(line);
  }
  std::printf("| what | median | spread | cache line | ratio |\n|---|---|---|---|---|\n");
  for (const Line& line : lines) print(line);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: busbar-bench SOCKET [ROUNDS]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? std::atoi(argv[2]) : 6);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "busbar-bench: %s\n", error.what());
    return 1;
  }
}
