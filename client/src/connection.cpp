#include "client/src/connection.hpp"

#include <errno.h>  // program_invocation_short_name

#include "client/src/socket_search.hpp"
#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/version.hpp"
#include "common/control/codec.hpp"
#include "common/layout/limits.hpp"
#include "common/sync/process_identity.hpp"

namespace busbar {
namespace {

using namespace control;

constexpr std::size_t kLongestName = 128;

std::string client_name(const ConnectOptions& options) {
  if (options.name.size() > kLongestName) {
    throw Error(Errc::invalid_name, "client name " + quoted(options.name) + " has " +
                                        std::to_string(options.name.size()) +
                                        " bytes; at most 128 are allowed");
  }
  return options.name.empty() ? program_invocation_short_name : options.name;
}

Hello hello(const ConnectOptions& options) {
  const sync::ProcessIdentity own = sync::own_identity();
  Hello hello;
  hello.protocol = kControlProtocol;
  hello.library = kLibraryVersion;
  hello.layout_from = layout::kOldestLayout;
  hello.layout_to = layout::kLayoutVersion;
  hello.name = client_name(options);
  hello.process = {own.pid, own.start_time, own.pid_namespace};
  return hello;
}

}  // namespace

Connection::Connection(const ConnectOptions& options) : timeout_(options.timeout) {
  FoundSocket found = find_broker(options.socket, Deadline::after(timeout_));
  path_ = std::move(found.path);
  socket_ = std::move(found.socket);
  session_ = ask_for<Welcome>(hello(options)).session;
}

Connection::~Connection() {
  if (fork_guard_.forked() || abandoned_.empty()) return;
  // What was granted after its caller had stopped waiting, and is not yet read.
  try {
    for (;;) {
      const Received received = receive_packet(socket_.get(), true);
      if (received.kind != Received::Kind::packet) return;
      give_back(decode_reply(received.packet));
    }
  } catch (...) {
    // A destructor: at the end of the process the broker takes it back.
  }
}

void Connection::throw_unexpected() {
  throw Error(Errc::protocol, "the broker's reply is of another kind than the request");
}

void Connection::throw_gone() const {
  throw Error(Errc::no_broker, "the broker on " + path_ +
                                   " has gone or has ended this connection (its log says why); "
                                   "channels that are open go on, connect anew for "
                                   "others once it is back");
}

void Connection::send(const std::string& packet, const Deadline& deadline) {
  for (;;) {
    switch (send_packet(socket_.get(), packet)) {
      case SendResult::sent:
        return;
      case SendResult::gone:
        throw_gone();
      case SendResult::would_block:
        break;
    }
    if (!wait_writable(socket_.get(), deadline)) {
      throw Error(Errc::timed_out, "the broker on " + path_ + " takes no requests; is it stopped?");
    }
  }
}

Received Connection::receive(const Deadline& deadline) {
  for (;;) {
    Received received = receive_packet(socket_.get(), true);
    switch (received.kind) {
      case Received::Kind::packet:
        return received;
      case Received::Kind::gone:
        throw_gone();
      case Received::Kind::too_long:
        throw Error(Errc::protocol, "the broker's reply is longer than a packet may be");
      case Received::Kind::would_block:
        break;
    }
    if (!wait_readable(socket_.get(), deadline)) {
      throw Error(Errc::timed_out,
                  "the broker on " + path_ + " did not answer in time; is it stopped?");
    }
  }
}

Connection::Answer Connection::ask(RequestBody body) {
  if (fork_guard_.forked()) throw_forked();
  const std::unique_lock lock(mutex_, timeout_);
  if (!lock) {
    throw Error(Errc::timed_out, "other threads wait for the broker on " + path_ + " already");
  }
  const auto deadline = Deadline::after(timeout_);
  const Request request{++last_id_, std::move(body)};
  send(encode(request), deadline);
  try {
    return await_reply(request.id, deadline);
  } catch (const Error& error) {
    if (error.errc() == Errc::timed_out) {
      if (const auto* open = std::get_if<Open>(&request.body)) abandoned_[request.id] = open->role;
    }
    throw;
  }
}

Connection::Answer Connection::await_reply(std::uint64_t id, const Deadline& deadline) {
  for (;;) {
    Received received = receive(deadline);
    Reply reply = decode_reply(received.packet);
    if (reply.id != id && reply.id != 0) {
      give_back(reply);
      continue;
    }
    if (const auto* failure = std::get_if<Failure>(&reply.body)) {
      throw Error(static_cast<Errc>(failure->code), failure->text);
    }
    return {std::move(reply.body), std::move(received.descriptors)};
  }
}

/// A place that was granted after its caller had stopped waiting.
void Connection::give_back(const Reply& late) {
  const auto found = abandoned_.find(late.id);
  if (found == abandoned_.end()) return;
  if (const auto* opened = std::get_if<Opened>(&late.body)) {
    send_packet(
        socket_.get(),
        encode(Request{0, Leave{opened->channel_id, found->second, opened->index, opened->grant}}));
  }
  abandoned_.erase(found);
}

void Connection::tell(const RequestBody& body) noexcept {
  if (fork_guard_.forked()) return;
  try {
    send_packet(socket_.get(), encode(Request{0, body}));
  } catch (...) {
    // Out of memory: the broker sees the state `left` in the segment.
  }
}

}  // namespace busbar
