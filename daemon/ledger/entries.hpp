#pragma once

#include "daemon/ledger/ledger_layout.hpp"
#include "daemon/ledger/records.hpp"

// Between the ledger's entries and their values. What is read is checked: a kill cannot damage it,
// a broken program of the same user can. False: it makes no sense.

namespace busbar::daemon::ledger {

SessionEntry entry_of(const SessionRecord& record);
ChannelEntry entry_of(const ChannelRecord& record);
HoldingEntry entry_of(const HoldingRecord& record);

bool read(const SessionEntry& entry, SessionRecord& record);
bool read(const ChannelEntry& entry, ChannelRecord& record);
bool read(const HoldingEntry& entry, HoldingRecord& record);

}  // namespace busbar::daemon::ledger
