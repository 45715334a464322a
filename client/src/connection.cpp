#include "client/src/connection.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "client/src/growing_pause.hpp"
#include "client/src/socket_search.hpp"
#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/units.hpp"
#include "common/control/codec.hpp"
#include "common/sync/coarse_clock.hpp"

namespace busbar {
namespace {

using namespace control;
using State = BrokerLink::State;

// Between two looks of attend(), in milliseconds: as a rule; with news or an answer under way; at a
// broker that has refused to take this client back.
constexpr std::uint32_t kSeldom = 1000;
constexpr std::uint32_t kSoon = 10;
constexpr std::uint32_t kRarely = 10'000;

/// The working directory may be another one when the broker has to be found again.
std::string lasting(const std::string& path) {
  std::error_code error;
  std::string absolute = std::filesystem::absolute(path, error).string();
  const bool fits = !error && absolute.size() < kSocketPathRoom;
  return fits ? absolute : path;
}

WaitPolicy wait_policy_of(const ConnectOptions& options) {
  if (options.wait) return *options.wait;
  const char* variable = std::getenv("BUSBAR_WAIT");
  if (variable == nullptr || *variable == '\0') return WaitPolicy::balanced;
  if (const auto policy = parse_wait_policy(variable)) return *policy;
  throw Error(Errc::invalid_argument, "BUSBAR_WAIT is " + quoted(variable) +
                                          ", which is no wait policy: latency, balanced or power");
}

/// Whether the reply says that the request, sent for the second time, has been carried out before.
bool was_done_before(const RequestBody& body, const Error& error) {
  return std::holds_alternative<Remove>(body) && error.errc() == Errc::no_such_channel;
}

}  // namespace

Connection::Connection(const ConnectOptions& options)
    : timeout_(options.timeout),
      wait_policy_(wait_policy_of(options)),
      prefault_(options.prefault),
      registration_(options),
      looked_at_(sync::coarse_milliseconds()) {
  const auto deadline = Deadline::after(timeout_);
  for (GrowingPause pause;;) {
    try {
      FoundSocket found = find_broker(options.socket, deadline);
      link_.set_path(lasting(found.path));
      greet(std::move(found.socket), deadline);
      await_welcome(deadline);
      return;
    } catch (const BrokerGone& gone) {
      if (!options.wait_for_broker || !pause.wait(deadline)) throw Error(Errc::no_broker, gone.why);
    } catch (const Error& error) {
      if (error.errc() != Errc::no_broker || !options.wait_for_broker) throw;
      if (!pause.wait(deadline)) {
        throw Error(Errc::no_broker,
                    std::string(error.what()) + "; waited " + duration_text(timeout_) + " for one");
      }
    }
  }
}

Connection::~Connection() {
  if (fork_guard_.forked() || abandoned_.empty()) return;
  // What was granted after its caller had stopped waiting, and is not yet read.
  try {
    while (auto received = link_.receive_now()) give_back(decode_reply(received->packet));
  } catch (...) {
    // A destructor: at the end of the process the broker takes it back.
  }
}

void Connection::throw_unexpected() {
  throw Error(Errc::protocol, "the broker's reply is of another kind than the request");
}

void Connection::throw_away(const std::string& why, int attempts) const {
  throw Error(Errc::no_broker,
              "the broker on " + socket() + " has gone and none has come back within " +
                  duration_text(timeout_) + " (" + std::to_string(attempts) +
                  (attempts == 1 ? " attempt; " : " attempts; the last: ") + why +
                  "); channels that are open go on; start busbard, or give this client more time "
                  "(ConnectOptions::timeout)");
}

void Connection::throw_others_wait() const {
  if (link_.state() == State::away) throw_away("other threads wait for it", 1);
  throw Error(Errc::timed_out, "other threads wait for the broker on " + socket() + " already");
}

void Connection::greet(UniqueFd socket, const Deadline& deadline) {
  link_.greet(std::move(socket), encode(Request{++last_id_, registration_.hello()}), deadline);
}

void Connection::await_welcome(const Deadline& deadline) {
  take_welcome(link_.receive(deadline));
}

void Connection::take_welcome(const Received& received) {
  const Reply reply = decode_reply(received.packet);
  if (const auto* failure = std::get_if<Failure>(&reply.body)) {
    drop();
    refused_ = true;
    throw Error(static_cast<Errc>(failure->code), failure->text);
  }
  const auto* welcome = std::get_if<Welcome>(&reply.body);
  if (welcome == nullptr) throw_unexpected();
  registration_.welcome(*welcome);
  refused_ = false;
  link_.set_ready(registration_.life());
}

void Connection::drop() noexcept {
  link_.drop();
  abandoned_.clear();  // the next broker takes back by `last_grant` what these have got
}

/// To the same socket and to no other: another one is another bus.
void Connection::come_back(const Deadline& deadline) {
  if (link_.state() == State::away) {
    try {
      greet(connect_to(socket(), deadline), deadline);
    } catch (const Error& error) {
      if (error.errc() == Errc::timed_out) throw;
      throw BrokerGone{error.what()};  // nobody listens, or nobody may yet
    }
  }
  if (link_.state() == State::greeting) await_welcome(deadline);
}

Connection::Answer Connection::ask(RequestBody body) {
  if (fork_guard_.forked()) throw_forked();
  const auto deadline = Deadline::after(timeout_);
  const std::unique_lock lock(mutex_, timeout_);
  if (!lock) throw_others_wait();
  GrowingPause pause;
  bool was_sent = false;
  for (int attempts = 1;; ++attempts) {
    try {
      come_back(deadline);
      return transact(body, std::exchange(was_sent, true), deadline);
    } catch (const BrokerGone& gone) {
      drop();
      if (!pause.wait(deadline)) throw_away(gone.why, attempts);
    }
  }
}

Connection::Answer Connection::transact(const RequestBody& body, bool again,
                                        const Deadline& deadline) {
  const Request request{++last_id_, body};
  link_.send(encode(request), deadline);
  try {
    return await_reply(request.id, deadline);
  } catch (const Error& error) {
    if (again && was_done_before(body, error)) return {Done{}, {}, registration_.life()};
    if (error.errc() == Errc::timed_out) {
      if (const auto* open = std::get_if<Open>(&body)) abandoned_[request.id] = open->role;
    }
    throw;
  }
}

Connection::Answer Connection::await_reply(std::uint64_t id, const Deadline& deadline) {
  for (;;) {
    Received received = link_.receive(deadline);
    Reply reply = decode_reply(received.packet);
    if (reply.id != id && reply.id != 0) {
      give_back(reply);
      continue;
    }
    if (const auto* failure = std::get_if<Failure>(&reply.body)) {
      throw Error(static_cast<Errc>(failure->code), failure->text);
    }
    if (const auto* opened = std::get_if<Opened>(&reply.body)) {
      registration_.saw_grant(opened->grant);
    }
    return {std::move(reply.body), std::move(received.descriptors), registration_.life()};
  }
}

/// A place that was granted after its caller had stopped waiting.
void Connection::give_back(const Reply& late) {
  const auto found = abandoned_.find(late.id);
  if (found == abandoned_.end()) return;
  if (const auto* opened = std::get_if<Opened>(&late.body)) {
    registration_.saw_grant(opened->grant);
    link_.notice(
        encode(Request{0, Leave{opened->channel_id, found->second, opened->index, opened->grant}}),
        true, registration_.life());
  }
  abandoned_.erase(found);
}

void Connection::tell(const RequestBody& body, std::uint32_t life) noexcept {
  if (fork_guard_.forked()) return;
  try {
    link_.notice(encode(Request{0, body}), std::holds_alternative<Leave>(body), life);
  } catch (...) {
    // Out of memory: the broker sees the state `left` in the segment.
  }
}

bool Connection::is_due(bool urgent) const noexcept {
  std::uint32_t pause = kSeldom;
  if (refused_) pause = kRarely;
  if (urgent || link_.state() == State::greeting) pause = kSoon;
  return sync::coarse_milliseconds() - looked_at_.load(std::memory_order_relaxed) >= pause;
}

bool Connection::attend(bool urgent) noexcept {
  if (fork_guard_.forked()) return true;
  if (is_due(urgent)) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return true;  // whoever asks comes back by himself
    try {
      look_after();
    } catch (...) {
      // Out of memory, or a broker that makes no sense: whoever asks next will say it.
    }
    looked_at_.store(sync::coarse_milliseconds(), std::memory_order_relaxed);
  }
  return link_.state() != State::away;
}

void Connection::look_after() {
  try {
    take_a_step();
  } catch (const BrokerGone&) {
    const bool was_ready = link_.state() == State::ready;
    drop();
    if (was_ready) look_after();
  }
}

void Connection::take_a_step() {
  switch (link_.state()) {
    case State::ready:
      while (auto late = link_.receive_now()) give_back(decode_reply(late->packet));
      return;
    case State::greeting:
      if (const auto answer = link_.receive_now()) take_welcome(*answer);
      return;
    case State::away:
      if (UniqueFd found = control::connect_now(this->socket()))
        greet(std::move(found), Deadline::after({}));
      return;
  }
}

}  // namespace busbar
