#include "client/src/registration.hpp"

#include <errno.h>  // program_invocation_short_name

#include <algorithm>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/version.hpp"
#include "common/ring/layout_range.hpp"
#include "common/sync/process_identity.hpp"

namespace busbar {
namespace {

constexpr std::size_t kLongestName = 128;

std::string client_name(const ConnectOptions& options) {
  if (options.name.size() > kLongestName) {
    throw Error(Errc::invalid_name, "client name " + quoted(options.name) + " has " +
                                        std::to_string(options.name.size()) +
                                        " bytes; at most 128 are allowed");
  }
  return options.name.empty() ? program_invocation_short_name : options.name;
}

}  // namespace

Registration::Registration(const ConnectOptions& options) {
  const sync::ProcessIdentity own = sync::own_identity();
  hello_.protocol = kControlProtocol;
  hello_.library = kLibraryVersion;
  hello_.layout_from = ring::served_layouts().oldest;
  hello_.layout_to = ring::served_layouts().newest;
  hello_.name = client_name(options);
  hello_.process = {own.pid, own.start_time, own.pid_namespace};
}

control::Hello Registration::hello() const {
  return hello_;
}

void Registration::saw_grant(std::uint64_t grant) noexcept {
  hello_.last_grant = std::max(hello_.last_grant, grant);
}

void Registration::welcome(const control::Welcome& welcome) {
  const bool is_first = hello_.session == 0;
  hello_.session = welcome.session;
  hello_.secret = welcome.secret;
  if (is_first || (welcome.resumed && welcome.lost.empty())) return;
  {
    const std::lock_guard lock(mutex_);
    if (welcome.resumed) {
      lost_.insert(welcome.lost.begin(), welcome.lost.end());
    } else {
      hello_.last_grant = 0;
      lost_.clear();
      life_.fetch_add(1);
    }
  }
  losses_.fetch_add(1);
}

bool Registration::is_orphan(std::uint32_t life, std::uint64_t channel_id) const {
  const std::lock_guard lock(mutex_);
  return life != life_.load(std::memory_order_relaxed) || lost_.contains(channel_id);
}

}  // namespace busbar
