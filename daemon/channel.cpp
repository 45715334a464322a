#include "daemon/channel.hpp"

#include <algorithm>
#include <utility>

namespace busbar::daemon {

Channel::Channel(config::ChannelPlan plan, ChannelCost cost, Creator creator)
    : plan_(std::move(plan)),
      cost_(std::move(cost)),
      creator_(creator),
      slot_holders_(plan_.ring.max_publishers),
      seat_holders_(plan_.ring.max_subscribers) {}

void Channel::set_access(control::Access publish, control::Access subscribe) {
  plan_.publish = std::move(publish);
  plan_.subscribe = std::move(subscribe);
}

std::vector<std::uint64_t>& Channel::holders(control::Role role) noexcept {
  return role == control::Role::publisher ? slot_holders_ : seat_holders_;
}

const std::vector<std::uint64_t>& Channel::holders(control::Role role) const noexcept {
  return role == control::Role::publisher ? slot_holders_ : seat_holders_;
}

std::uint32_t Channel::places(control::Role role) const noexcept {
  return static_cast<std::uint32_t>(holders(role).size());
}

std::uint32_t Channel::held(control::Role role) const noexcept {
  const auto& all = holders(role);
  return static_cast<std::uint32_t>(
      std::count_if(all.begin(), all.end(), [](std::uint64_t holder) { return holder != 0; }));
}

bool Channel::has_members() const noexcept {
  return held(control::Role::publisher) != 0 || held(control::Role::subscriber) != 0;
}

std::uint64_t Channel::holder(Place place) const noexcept {
  const auto& all = holders(place.role);
  return place.index < all.size() ? all[place.index] : 0;
}

std::optional<Place> Channel::free_place(control::Role role) const noexcept {
  const auto& all = holders(role);
  const auto at = std::find(all.begin(), all.end(), 0u);
  if (at == all.end()) return std::nullopt;
  return Place{role, static_cast<std::uint32_t>(at - all.begin())};
}

std::vector<Place> Channel::held_places() const {
  std::vector<Place> found;
  for (const auto role : {control::Role::publisher, control::Role::subscriber}) {
    for (std::uint32_t i = 0; i < places(role); ++i) {
      if (holders(role)[i] != 0) found.push_back({role, i});
    }
  }
  return found;
}

std::vector<Place> Channel::left_places() const {
  std::vector<Place> found = held_places();
  std::erase_if(found, [this](Place place) { return !left(place); });
  return found;
}

bool Channel::left(Place place) const {
  if (memory_ == nullptr) return false;
  return place.role == control::Role::publisher ? ring::slot_left(memory_->view(), place.index)
                                                : ring::seat_left(memory_->view(), place.index);
}

std::uint64_t Channel::last_grant(Place place) const noexcept {
  const auto at = last_grants_.find(place);
  return at == last_grants_.end() ? 0 : at->second;
}

void Channel::grant(Place place, const ring::Member& member, std::uint64_t number) {
  last_grants_[place] = number;
  holders(place.role)[place.index] = member.session;
  if (place.role == control::Role::publisher) {
    ring::grant_slot(memory_->view(), place.index, member);
  } else {
    ring::grant_seat(memory_->view(), place.index, member);
  }
}

void Channel::restore(Place place, std::uint64_t session, std::uint64_t number) {
  last_grants_[place] = number;
  holders(place.role)[place.index] = session;
}

ChannelRecord Channel::record() const {
  return {plan_, creator_, memory_ == nullptr ? std::string() : memory_->name()};
}

void Channel::release(Place place) noexcept {
  holders(place.role)[place.index] = 0;
}

void Channel::want_back(Place place) {
  if (std::find(wanted_.begin(), wanted_.end(), place) == wanted_.end()) wanted_.push_back(place);
}

}  // namespace busbar::daemon
