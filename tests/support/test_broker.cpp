#include "tests/support/test_broker.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

namespace busbar::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view kSharedMemory = "/dev/shm/";

std::vector<std::string> make_argv(const TestBroker::Options& options,
                                   const TemporaryDirectory& directory, const std::string& socket) {
  std::vector<std::string> argv{BUSBARD_PATH, "--socket", socket};
  if (!options.config.empty()) {
    const std::string file = directory.path("busbard.json");
    std::ofstream(file) << options.config;
    argv.insert(argv.end(), {"--config", file});
  }
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  return argv;
}

void add_mapped(pid_t pid, std::set<std::string>& names) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto at = line.find(kSharedMemory);
    if (at != std::string::npos) names.insert(line.substr(at));
  }
}

void add_open(pid_t pid, std::set<std::string>& names) {
  std::error_code error;
  fs::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd", error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entries->path(), gone);
    if (target.starts_with(kSharedMemory)) names.insert(target);
  }
}

bool is_ledger(const std::string& name) {
  return name.ends_with("-ledger");
}

}  // namespace

TestBroker::TestBroker(const Options& options)
    : socket_(directory_.path("control.sock")),
      argv_(make_argv(options, directory_, socket_)),
      membarrier_error_(options.membarrier_error) {
  if (!options.program.empty()) argv_.front() = options.program;
  if (options.for_others) fs::permissions(directory_.path(), fs::perms(0711));
  start();
}

TestBroker::~TestBroker() {
  if (process_) {
    if (!stop()) kill();
  }
  for (const std::string& segment : seen_segments_) ::unlink(segment.c_str());
}

Bus TestBroker::connect(const std::string& name) const {
  return Bus::connect({.name = name, .socket = socket_});
}

std::optional<int> TestBroker::stop() {
  remember_segments();
  process_->kill(SIGTERM);
  return process_->wait();
}

void TestBroker::kill() {
  remember_segments();
  process_->kill(SIGKILL);
  process_->wait();
}

void TestBroker::start(const std::string& program) {
  if (!program.empty()) argv_.front() = program;
  process_.emplace(argv_, Process::Options{.membarrier_error = membarrier_error_});
  wait_until_it_answers();
}

std::vector<std::string> TestBroker::segments() const {
  std::set<std::string> names;
  add_mapped(process_->pid(), names);
  add_open(process_->pid(), names);
  std::erase_if(names, is_ledger);
  return {names.begin(), names.end()};
}

std::string TestBroker::ledger() const {
  std::set<std::string> names;
  add_mapped(process_->pid(), names);
  const auto at = std::find_if(names.begin(), names.end(), is_ledger);
  return at == names.end() ? std::string() : *at;
}

void TestBroker::wait_until_it_answers() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline && process_->running()) {
    try {
      connect("probe");
      return;
    } catch (const Error& error) {
      if (error.errc() == Errc::limit) return;  // an answer too
      // Not yet: there is nothing that could be waited for.
      std::this_thread::sleep_for(2ms);
    }
  }
  kill();
  throw std::runtime_error("busbard does not answer; it says: " + process_->stderr_text() +
                           process_->stdout_text());
}

void TestBroker::remember_segments() {
  const auto names = segments();
  seen_segments_.push_back(ledger());
  seen_segments_.insert(seen_segments_.end(), names.begin(), names.end());
}

}  // namespace busbar::test
