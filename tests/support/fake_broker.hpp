#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "common/control/messages.hpp"

namespace busbar::test {

/// Speaks the broker's side of the control protocol as a test wants it, in a thread of its own. The
/// destructor is its death: every connection ends, and nobody listens at the path any more.
class FakeBroker {
 public:
  struct Act {
    enum class Kind { reply, silence, die } kind = Kind::silence;
    control::ReplyBody body = control::Done{};
  };
  static Act reply(control::ReplyBody body) { return {Act::Kind::reply, std::move(body)}; }
  static Act silence() { return {}; }
  static Act die() { return {Act::Kind::die}; }

  /// Called in the fake's thread, for each request.
  using Play = std::function<Act(const control::Request& request)>;

  FakeBroker(const std::string& path, Play play);
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;
  ~FakeBroker();

  /// What was said to it.
  std::vector<control::Request> requests() const;
  std::vector<control::Hello> hellos() const;

 private:
  void serve();
  bool take_packet(int socket);
  void end() noexcept;

  const std::string path_;
  const Play play_;
  UniqueFd listener_;
  UniqueFd stop_;
  std::vector<UniqueFd> connections_;
  mutable std::mutex mutex_;
  std::vector<control::Request> requests_;
  std::thread thread_;
};

}  // namespace busbar::test
