#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace busbar::test {

/// Who a process is.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups = {};  // supplementary ones
};

/// Whether this process may become another user: only root may.
bool can_become_others();

/// Makes this process another user's, for ever. Throws std::system_error.
void become(const User& user);

/// Runs `body` in a child and returns its text, or "error: " and what it threw. Throws
/// std::runtime_error if the child was killed. The body must not rely on the parent's threads.
std::string in_child(const std::function<std::string()>& body);

/// in_child() as another user.
std::string as_user(const User& user, const std::function<std::string()>& body);

}  // namespace busbar::test
