#include "stage.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "call_counter.hpp"
#include "cores.hpp"

namespace compare {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

void sleep_for(double seconds) {
  std::this_thread::sleep_for(Seconds(seconds));
}

/// False if it did not come about in time.
template <typename Condition>
bool wait_until(double seconds, Condition&& condition) {
  const auto begin = Clock::now();
  while (!condition()) {
    if (Clock::now() - begin > Seconds(seconds)) return false;
    sleep_for(0.001);
  }
  return true;
}

std::uint64_t messages_of(const Tally (&tallies)[Control::kMost]) {
  std::uint64_t sum = 0;
  for (const Tally& tally : tallies) sum += tally.messages.load();
  return sum;
}

}  // namespace

void Stage::start(int core, const std::function<void()>& work) {
  runners_.emplace_back(
      [&] {
        if (plan_.pin) pin_to(core);
        work();
      },
      [&](const char* what) { control_.complain(what); });
}

std::vector<pid_t> Stage::pids() const {
  std::vector<pid_t> all;
  for (const Process& runner : runners_) all.push_back(runner.pid());
  return all;
}

bool Stage::has_lost_one() {
  return std::any_of(runners_.begin(), runners_.end(),
                     [](Process& runner) { return runner.has_ended() && !runner.is_fine(); });
}

bool Stage::all_are_there() {
  const int count = static_cast<int>(runners_.size());
  return wait_until(20, [&] { return control_.arrived.load() == count || has_lost_one(); }) &&
         !has_lost_one();
}

Window Stage::run(const std::vector<pid_t>& daemons) {
  Window window;
  started_ = all_are_there();
  if (started_) {
    control_.enter(Phase::warming_up);
    sleep_for(plan_.warm_up);
    control_.enter(Phase::measuring);
    if (plan_.test == Test::idle) sleep_for(0.05);  // the phase itself woke whoever waits for it
    const Usage usage = Usage::of(pids());
    const Usage daemons_usage = Usage::of(daemons);
    const std::uint64_t written = messages_of(control_.writers);
    const std::uint64_t read = messages_of(control_.readers);
    const auto begin = Clock::now();
    if (plan_.calls) {
      window.calls = count_calls(pids(), plan_.seconds);
    } else {
      sleep_for(plan_.seconds);
    }
    window.written = messages_of(control_.writers) - written;
    window.read = messages_of(control_.readers) - read;
    window.seconds = Seconds(Clock::now() - begin).count();
    window.usage = Usage::of(pids()) - usage;
    window.daemons = Usage::of(daemons) - daemons_usage;
    std::vector<pid_t> everybody = pids();
    everybody.insert(everybody.end(), daemons.begin(), daemons.end());
    window.memory = Memory::of(everybody);
  }
  stop();
  return window;
}

void Stage::stop() {
  control_.enter(Phase::stopping);
  const auto are_done = [&](const Tally(&tallies)[Control::kMost], int count) {
    return std::all_of(tallies, tallies + count,
                       [](const Tally& tally) { return tally.done.load(); });
  };
  hung_ = started_ && !wait_until(8, [&] {
            return has_lost_one() || (are_done(control_.readers, plan_.readers) &&
                                      are_done(control_.writers, plan_.writers));
          });
  control_.enter(Phase::over);
  wait_until(2, [&] {
    return std::all_of(runners_.begin(), runners_.end(),
                       [](Process& runner) { return runner.has_ended(); });
  });
}

std::string Stage::failure() {
  if (control_.error[0] != '\0') return control_.error;
  if (!started_) return "not everybody came";
  if (hung_) return "hangs: somebody did not come to the end";
  const std::uint64_t written = messages_of(control_.writers);
  for (int i = 0; i < plan_.readers; ++i) {
    const Tally& reader = control_.readers[i];
    const auto count = [](const char* what, std::uint64_t n) { return what + std::to_string(n); };
    if (reader.wrong != 0) return count("wrong messages: ", reader.wrong);
    if (reader.lost != 0) return count("lost messages: ", reader.lost);
    if (reader.repeated != 0) return count("repeated messages: ", reader.repeated);
    if (reader.messages != written) {
      return "written: " + std::to_string(written) + ", read: " + std::to_string(reader.messages);
    }
  }
  if (control_.writers[0].wrong != 0) return "wrong messages on the way there";
  if (has_lost_one()) return "a process failed";
  if (written == 0 && plan_.test != Test::idle) return "no message came";
  return {};
}

}  // namespace compare
