#include "daemon/process_setup.hpp"

#include <malloc.h>

#include <csignal>
#include <initializer_list>

#include "common/sync/fence.hpp"
#include "daemon/torn_memory.hpp"

namespace busbar::daemon {
namespace {

void set_up_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

void set_up_process() {
  set_up_signals();
  TornMemory::guard_process();
  sync::register_membarrier();  // with one thread it is quick, with two it waits for a grace period
  ::mallopt(M_ARENA_MAX, 1);    // two threads that rarely allocate share one heap
}

}  // namespace busbar::daemon
