#include "tests/torture/broker.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace busbar::torture {
namespace {

namespace fs = std::filesystem;

std::string make_directory() {
  std::string name = fs::temp_directory_path() / "busbar-torture-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
  }
  return name;
}

}  // namespace

Broker::Broker(const Options& options)
    : options_(options),
      directory_(make_directory()),
      socket_(directory_ + "/control.sock"),
      bus_("torture" + std::to_string(::getpid())) {
  std::ofstream(directory_ + "/busbard.json") << R"({"bus": {"name": ")" << bus_ << "\"}}";
  start();
}

Broker::~Broker() {
  if (pid_ > 0) kill();
  std::error_code ignored;
  for (const std::string& segment : segments()) fs::remove(segment, ignored);
  fs::remove_all(directory_, ignored);
}

void Broker::start() {
  std::vector<std::string> words{
      options_.busbard, "--socket", socket_, "--config", directory_ + "/busbard.json",
      "--log-level",    "warn"};
  if (options_.supervise) words.emplace_back("--supervise");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

pid_t Broker::broker_pid() const {
  if (!options_.supervise) return pid_;
  const std::string pid = std::to_string(pid_);
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  pid_t child = 0;
  return children >> child ? child : pid_;
}

void Broker::kill() {
  const pid_t broker = broker_pid();
  ::kill(broker, SIGKILL);
  // A supervisor starts the next one by itself.
  if (broker != pid_) return;
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int Broker::stop() {
  int status = 0;
  ::kill(pid_, SIGTERM);
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Broker::has_died() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

std::uint64_t Broker::descriptors() const {
  std::error_code ignored;
  const fs::directory_iterator all("/proc/" + std::to_string(broker_pid()) + "/fd", ignored);
  return static_cast<std::uint64_t>(std::distance(all, fs::directory_iterator()));
}

std::uint64_t Broker::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(broker_pid()) + "/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  file >> size >> resident >> shared;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::vector<std::string> Broker::segments() const {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/dev/shm", ignored)) {
    if (entry.path().filename().string().starts_with("busbar-" + bus_ + "-")) {
      found.push_back(entry.path());
    }
  }
  return found;
}

}  // namespace busbar::torture
