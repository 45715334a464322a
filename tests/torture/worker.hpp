#pragma once

#include <sys/types.h>

#include "tests/torture/roles.hpp"

namespace busbar::torture {

/// A place in the run and the process that fills it at the moment.
class Worker {
 public:
  Worker(const Run& run, const Post& post);

  const Post& post() const { return post_; }
  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0; }
  std::uint32_t incarnation() const { return incarnation_; }
  WorkerAccount& account() const { return run_->account.workers[post_.worker]; }
  bool is_publisher() const { return post_.role == Role::publisher; }

  void start();
  void kill();
  /// Whether it has ended by itself; `well`: as it should.
  bool has_ended(bool& well);

 private:
  const Run* run_;
  Post post_;
  pid_t pid_ = -1;
  std::uint32_t incarnation_ = 0;
};

}  // namespace busbar::torture
