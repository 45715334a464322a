#include "private_broker.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <busbar/busbar.hpp>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace bench {
namespace {

std::string make_directory() {
  std::string name = std::filesystem::temp_directory_path() / "busbar-bench-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  return name;
}

}  // namespace

PrivateBroker::PrivateBroker(std::string busbard)
    : busbard_(std::move(busbard)),
      directory_(make_directory()),
      socket_(directory_ + "/control.sock") {
  start();
  for (int tries = 0;; ++tries) {
    try {
      busbar::Bus::connect({.name = "bench", .socket = socket_});
      return;
    } catch (const busbar::Error&) {
      if (tries == 1000) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

PrivateBroker::~PrivateBroker() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void PrivateBroker::start() {
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execl(busbard_.c_str(), busbard_.c_str(), "--socket", socket_.c_str(), "--log-level", "error",
          nullptr);
  ::_exit(127);
}

void PrivateBroker::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

}  // namespace bench
