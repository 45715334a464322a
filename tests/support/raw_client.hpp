#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "common/control/messages.hpp"

namespace busbar::test {

/// Speaks the control protocol packet by packet, also what no library would say. One thread.
class RawClient {
 public:
  struct Answer {
    control::Reply reply;
    std::vector<UniqueFd> descriptors;

    /// Throws std::bad_variant_access, after printing the reply, if it is of another kind.
    template <class Body>
    const Body& as() const {
      print_unless(std::holds_alternative<Body>(reply.body));
      return std::get<Body>(reply.body);
    }
    const control::Failure& failure() const { return as<control::Failure>(); }

   private:
    void print_unless(bool expected) const;
  };

  /// Connects and says nothing yet.
  static RawClient silent(const std::string& socket);
  /// Connects and is welcomed.
  explicit RawClient(const std::string& socket, const std::string& name = "raw");

  static control::Hello hello(const std::string& name = "raw");

  void send(std::string_view packet);
  /// False if the socket's buffer is full.
  bool try_send(std::string_view packet);
  std::uint64_t send_request(control::RequestBody body);
  /// Throws if nothing comes within kPatience, or if the broker has hung up.
  Answer receive();
  Answer ask(control::RequestBody body);

  /// True as soon as the broker has hung up; what it sends before is thrown away.
  bool wait_for_hangup();
  void close() { socket_.reset(); }
  int fd() const { return socket_.get(); }

 private:
  explicit RawClient(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
  std::uint64_t last_id_ = 0;
};

/// Asks again and again until it is so; false after kPatience. For what the broker does by itself.
bool eventually(const std::function<bool()>& so);

}  // namespace busbar::test
