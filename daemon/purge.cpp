#include "daemon/purge.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "common/base/error.hpp"
#include "common/ring/membership.hpp"
#include "daemon/channel_memory.hpp"
#include "daemon/ledger/ledger.hpp"
#include "daemon/segment_names.hpp"
#include "daemon/socket_lock.hpp"

namespace busbar::daemon {
namespace {

/// Best effort: what makes no sense is removed all the same.
void close_channels(const SegmentNames& names, const std::string& socket) try {
  for (const ChannelRecord& record : Ledger(names.ledger(), socket).contents().channels) {
    try {
      if (record.plan.backing != shm::Backing::named) continue;
      const ChannelMemory memory(record.plan.ring, shm::Segment::open(record.segments + "-ring"),
                                 shm::Segment::open(record.segments + "-seats"));
      ring::close_channel(memory.view());
    } catch (const Error&) {
    }
  }
} catch (const Error&) {
}

/// Not by connecting: that would have a service manager start a broker.
bool somebody_listens(const std::string& path) {
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);) {
    if (line.ends_with(" " + path)) return true;
  }
  return false;
}

void remove_socket(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  if (!somebody_listens(path)) ::unlink(path.c_str());
}

}  // namespace

std::size_t purge(const std::string& bus, const std::string& socket) {
  SocketLock lock(socket);
  const SegmentNames names(bus, socket + " " + lock.identity());
  close_channels(names, socket);
  const std::size_t count = remove_everything(names);
  remove_socket(socket);
  lock.drop();
  return count;
}

}  // namespace busbar::daemon
