#pragma once

#include <string>
#include <string_view>

#include "common/control/messages.hpp"

namespace busbar::control {

/// Text of one packet. Bytes that are no UTF-8 are replaced.
std::string encode(const Request& request);
std::string encode(const Reply& reply);

/// Strict: throws Errc::protocol with what was found and what is allowed, for anything but one
/// object with the keys of its kind and values of their types. `id` is set (0 if unreadable) before
/// it throws, so that the answer can carry it.
Request decode_request(std::string_view packet, std::uint64_t& id);
Reply decode_reply(std::string_view packet);

}  // namespace busbar::control
