#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

// The bytes of a broker's ledger: what it has to know of an earlier broker of the same socket. Read
// by brokers of other builds: an entry that changes needs another version. Not shared with clients.

namespace busbar::daemon::ledger {

inline constexpr std::uint64_t kMagic = 0x7265676465424242;  // "BBBedger"
inline constexpr std::uint32_t kVersion = 1;

struct Table {
  std::uint32_t entry_bytes;
  std::uint32_t reserved;  // entries that have memory
};

struct Header {
  std::uint64_t magic;  // stored last
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t epoch;  // counts the brokers
  std::uint64_t last_session;
  std::uint64_t last_channel;
  std::uint64_t last_grant;
  std::uint64_t last_revision;
  Table sessions, channels, holdings;
  std::uint64_t pid_namespace;  // that the pids below belong to
  char socket[128];             // for people
};

// Each entry begins with `live`, stored last when it is made and first when it is erased.

struct SessionEntry {
  std::uint64_t live;
  std::uint64_t id;
  std::uint64_t pid;         // as the broker sees it; 0: it does not
  std::uint64_t start_time;  // of that process; 0: unknown
  std::uint64_t own_pid, own_start_time, own_pid_namespace;  // as the client says
  std::uint32_t uid;
  std::uint32_t reserved;
  char secret[40];
  char name[136];
  char library[72];
  char reserved_text[200];
};

struct AccessList {
  std::uint32_t everybody, users, groups, reserved;
  std::uint32_t user[64], group[64];
};

struct ChannelEntry {
  std::uint64_t live;
  std::uint64_t id;
  std::uint64_t revision;  // of two with one id the higher one holds
  std::uint64_t capacity, max_message, block_timeout_ns;
  std::uint32_t max_publishers, max_subscribers, alignment, when_full, fence_rule, backing;
  std::uint32_t creator, origin;
  char name[136];
  char segments[240];  // the name of both without its last part
  AccessList publish, subscribe;
  // 0 in entries of brokers that did not know them: not asked for.
  std::uint32_t huge_pages, lock_memory;
  std::uint32_t numa_node;  // + 1
  std::uint32_t reserved_number;
  char reserved_text[520];
};

struct HoldingEntry {
  std::uint64_t live;
  std::uint64_t channel;
  std::uint64_t session;
  std::uint64_t grant;
  std::uint32_t role, index;
  std::uint64_t reserved[3];
};

static_assert(sizeof(SessionEntry) == 512 && offsetof(SessionEntry, secret) == 64,
              "a broker of another build would take one client's secret for another's");
static_assert(sizeof(ChannelEntry) == 2048 && offsetof(ChannelEntry, publish) == 456 &&
                  sizeof(AccessList) == 528 && offsetof(ChannelEntry, huge_pages) == 1512,
              "a broker of another build would admit whom the lists do not name");
static_assert(sizeof(HoldingEntry) == 64,
              "a broker of another build would free places that are held");
static_assert(std::is_trivially_copyable_v<SessionEntry> &&
                  std::is_trivially_copyable_v<ChannelEntry> &&
                  std::is_trivially_copyable_v<HoldingEntry> &&
                  std::is_trivially_copyable_v<Header>,
              "entries are copied byte by byte");

}  // namespace busbar::daemon::ledger
