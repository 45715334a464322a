#include "daemon/answer.hpp"

#include "common/base/error.hpp"
#include "common/control/codec.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kLongestText = 4096;

}  // namespace

Answer make_answer(const control::Reply& reply) {
  Answer answer{control::encode(reply)};
  if (answer.packet.size() <= control::kLargestPacket) return answer;
  return make_failure(reply.id, static_cast<int>(Errc::limit),
                      "the answer does not fit into a packet of " +
                          std::to_string(control::kLargestPacket) + " bytes");
}

Answer make_failure(std::uint64_t id, int code, const std::string& text) {
  return {control::encode({id, control::Failure{code, text.substr(0, kLongestText)}})};
}

}  // namespace busbar::daemon
