#include "client/src/publisher_core.hpp"

#include <vector>

#include "common/base/names.hpp"

namespace busbar {

void PublisherCore::throw_too_large(std::size_t size) const {
  throw Error(Errc::too_large, "channel " + quoted(mapping_.channel()) + ": message of " +
                                   std::to_string(size) + " bytes exceeds max_message " +
                                   std::to_string(writer_.ring().max_message) +
                                   "; raise \"capacity\" or split it");
}

void PublisherCore::dispose_behind_the_last() noexcept {
  if (closed_ && writer_.open_claims() == 0) delete this;
}

void PublisherCore::commit(const ring::Room& room, std::size_t used, std::uint32_t type) {
  mapping_.require_not_forked();
  if (used > room.size) {
    throw Error(Errc::misuse, "commit of " + std::to_string(used) + " bytes into a claim of " +
                                  std::to_string(room.size));
  }
  writer_.commit(room, used, type);
  dispose_behind_the_last();
}

void PublisherCore::abort(const ring::Room& room) noexcept {
  if (mapping_.forked()) {
    writer_.forget(room);
  } else {
    writer_.abort(room);
  }
  dispose_behind_the_last();
}

void PublisherCore::commit_all(std::span<Claim> claims) {
  mapping_.require_not_forked();
  std::vector<ring::Room> rooms;
  rooms.reserve(claims.size());
  const Claim* first = nullptr;
  for (const Claim& claim : claims) {
    if (claim.publishing_ != &publishing_) {
      throw Error(Errc::misuse, "commit of several claims: one is empty or another publisher's");
    }
    if (first == nullptr || claim.position_ < first->position_) first = &claim;
    rooms.push_back({claim.position_, claim.size_});
  }
  if (first == nullptr) return;
  writer_.begin_batch(rooms);
  // The first one's word last: whoever waits in front of it then sees all of them.
  for (const Claim& claim : claims) {
    if (&claim != first) writer_.store_word({claim.position_, claim.size_}, claim.type_);
  }
  writer_.store_word({first->position_, first->size_}, first->type_);
  writer_.publish_batch(rooms);
  for (Claim& claim : claims) claim.forget();
  dispose_behind_the_last();
}

Outcome PublisherCore::end() {
  mapping_.require_not_forked();
  const std::size_t open = writer_.open_claims();
  if (open != 0) {
    throw Error(Errc::misuse, "end() while " + std::to_string(open) +
                                  " claims are open; commit or abort them first");
  }
  return writer_.end(interrupt_);
}

void PublisherCore::interrupt() noexcept {
  if (mapping_.forked()) return;
  interrupt_.raise(mapping_.ring().doorbells[mapping_.index()].bell);
}

void PublisherCore::close() noexcept {
  closed_ = true;
  publishing_.shut();  // whoever commits the last claim disposes
  dispose_behind_the_last();
}

}  // namespace busbar
