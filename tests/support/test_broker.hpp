#pragma once

#include <busbar/bus.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {

/// A real busbard on a private socket in a temporary directory. The destructor stops it and removes
/// the directory, and whatever it left in /dev/shm.
class TestBroker {
 public:
  struct Options {
    /// Behind `busbard --socket PATH`.
    std::vector<std::string> arguments = {};
    /// The text of a file for --config.
    std::string config = {};
    /// Not 0: membarrier fails with this errno in it.
    int membarrier_error = 0;
    /// Another program instead of busbard.
    std::string program = {};
    /// Lets other users reach the socket (which the configuration's socket_mode has to allow too).
    bool for_others = false;
  };

  /// Returns when the broker answers. Throws std::runtime_error with what it said if it does not.
  explicit TestBroker(const Options& options);
  TestBroker() : TestBroker(Options{}) {}
  ~TestBroker();

  const std::string& socket() const noexcept { return socket_; }
  const TemporaryDirectory& directory() const noexcept { return directory_; }
  /// The one that runs, or the last one that did.
  Process& process() { return *process_; }

  /// A client of this broker.
  Bus connect(const std::string& name = "test") const;

  /// SIGTERM, and its exit status; nothing if it does not end.
  std::optional<int> stop();
  /// SIGKILL.
  void kill();
  /// Again, on the same socket, after stop() or kill(); another program, if one is given.
  void start(const std::string& program = {});

  /// The files of its channels in /dev/shm that it has open or mapped, and that of its ledger.
  std::vector<std::string> segments() const;
  std::string ledger() const;

 private:
  void wait_until_it_answers();
  void remember_segments();

  TemporaryDirectory directory_;
  std::string socket_;
  std::vector<std::string> argv_;
  int membarrier_error_;
  std::optional<Process> process_;
  std::vector<std::string> seen_segments_;
};

}  // namespace busbar::test
