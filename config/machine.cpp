#include "config/machine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "config/default_socket.hpp"

namespace busbar::config {

Machine this_machine() {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  return {.memory = machine_memory(),
          .shared_memory = shared_memory(),
          .free_shared_memory = free_shared_memory(),
          .descriptors = known ? limit.rlim_max : 0,
          .socket = default_socket(),
          .user = ::geteuid(),
          .group = ::getegid()};
}

}  // namespace busbar::config
