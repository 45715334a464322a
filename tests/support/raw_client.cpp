#include "tests/support/raw_client.hpp"

#include <iostream>
#include <stdexcept>
#include <thread>

#include "common/base/version.hpp"
#include "common/control/codec.hpp"
#include "common/control/packet_socket.hpp"
#include "common/ring/layout_range.hpp"
#include "common/sync/process_identity.hpp"
#include "tests/support/process.hpp"

namespace busbar::test {

using control::Received;

void RawClient::Answer::print_unless(bool expected) const {
  if (!expected) std::cerr << "unexpected reply: " << control::encode(reply) << "\n";
}

RawClient RawClient::silent(const std::string& socket) {
  return RawClient(control::connect_to(socket, Deadline::after(kPatience)));
}

RawClient::RawClient(const std::string& socket, const std::string& name)
    : socket_(control::connect_to(socket, Deadline::after(kPatience))) {
  const Answer answer = ask(hello(name));
  static_cast<void>(answer.as<control::Welcome>());
}

control::Hello RawClient::hello(const std::string& name) {
  const sync::ProcessIdentity own = sync::own_identity();
  control::Hello hello;
  hello.protocol = kControlProtocol;
  hello.library = kLibraryVersion;
  hello.layout_from = ring::served_layouts().oldest;
  hello.layout_to = ring::served_layouts().newest;
  hello.name = name;
  hello.process = {own.pid, own.start_time, own.pid_namespace};
  return hello;
}

bool RawClient::try_send(std::string_view packet) {
  return control::send_packet(fd(), packet) == control::SendResult::sent;
}

void RawClient::send(std::string_view packet) {
  const Deadline deadline = Deadline::after(kPatience);
  while (!try_send(packet)) {
    if (!control::wait_writable(fd(), deadline)) throw std::runtime_error("broker takes nothing");
  }
}

std::uint64_t RawClient::send_request(control::RequestBody body) {
  send(control::encode(control::Request{++last_id_, std::move(body)}));
  return last_id_;
}

RawClient::Answer RawClient::receive() {
  if (!control::wait_readable(fd(), Deadline::after(kPatience))) {
    throw std::runtime_error("no answer from the broker");
  }
  Received received = control::receive_packet(fd(), true);
  if (received.kind != Received::Kind::packet) throw std::runtime_error("the broker hung up");
  return {control::decode_reply(received.packet), std::move(received.descriptors)};
}

RawClient::Answer RawClient::ask(control::RequestBody body) {
  const std::uint64_t id = send_request(std::move(body));
  Answer answer = receive();
  if (answer.reply.id != id) throw std::runtime_error("answer to another request");
  return answer;
}

bool RawClient::wait_for_hangup() {
  const Deadline deadline = Deadline::after(kPatience);
  while (control::wait_readable(fd(), deadline)) {
    if (control::receive_packet(fd(), true).kind == Received::Kind::gone) return true;
  }
  return false;
}

bool eventually(const std::function<bool()>& so) {
  const Deadline deadline = Deadline::after(kPatience);
  while (!so()) {
    if (deadline.passed()) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace busbar::test
