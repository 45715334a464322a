#include "config/machine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "config/account_names.hpp"
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

Machine this_machine_with(std::uint32_t user) {
  Machine machine = this_machine();
  machine.socket = kSystemSocket;
  machine.user = user;
  machine.group = primary_group(user).value_or(user);
  return machine;
}

}  // namespace busbar::config
