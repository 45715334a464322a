#include "daemon/held_up.hpp"

#include "common/base/names.hpp"
#include "common/ring/membership.hpp"
#include "daemon/process_state.hpp"

namespace busbar::daemon {
namespace {

const char* means_text(const Channel& channel, Place by) {
  if (by.role == control::Role::subscriber) return "its cursor";
  const auto counts = ring::slot_counts(channel.memory()->view(), by.index);
  return counts.open_bytes != 0 ? "an open claim" : "the mutex";
}

}  // namespace

std::string held_up_text(const Channel& channel, const Session& waiting, const Session& holder,
                         Place by) {
  const pid_t pid = holder.peer().pid;
  if (process_state(pid) != ProcessState::stopped) return {};
  const std::string number = std::to_string(pid);
  return "channel " + busbar::quoted(channel.name()) + ": client " + holder.words() +
         " is stopped and holds up " + waiting.words() + " with " + means_text(channel, by) +
         "; continue it (kill -CONT " + number + ") or end it";
}

}  // namespace busbar::daemon
