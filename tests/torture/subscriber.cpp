#include <stdexcept>
#include <utility>

#include "tests/torture/reading.hpp"

namespace busbar::torture {
namespace {

using namespace std::chrono_literals;

SubscriberOptions options_of(const Post& post, std::uint32_t self) {
  SubscriberOptions options;
  if (post.role == Role::lossy) options.delivery = Delivery::lossy;
  if (post.role == Role::witness || self % 2 == 0) options.start = Start::oldest();
  return options;
}

/// True when there is no more to come.
bool receive_all(const Run& run, WorkerAccount& worker, Subscriber& subscriber, Reading& reading,
                 bool keeps) {
  const bool last = run.account.publishers_gone.load();
  worker.step = Step::checks;
  subscriber.poll([&](const Message& message) { reading.check(message); }, 20);
  worker.step = Step::receives;
  Message message = subscriber.receive(20ms);
  if (message) {
    worker.step = Step::checks;
    reading.check(message);
    if (keeps) reading.keep(std::move(message));
    return false;
  }
  switch (message.outcome()) {
    case Outcome::timeout:
    case Outcome::too_many_held:
      reading.let_go_of_all();
      return last && message.outcome() == Outcome::timeout;
    case Outcome::overrun:
      return false;
    default:
      throw std::runtime_error("receive: " + std::string(to_string(message.outcome())));
  }
}

}  // namespace

void subscribe(const Run& run, const Post& post, std::uint32_t self) {
  WorkerAccount& worker = run.account.workers[post.worker];
  auto bus = patiently(run, worker, Step::connects, [&] {
    return Bus::connect({.name = "torture-subscriber", .socket = run.socket});
  });
  auto subscriber = patiently(run, worker, Step::opens, [&] {
    return bus.subscriber(channel_name(post.channel), options_of(post, self));
  });
  Reading reading(run, post);
  worker.joined = true;
  const bool keeps = self % 3 == 0;
  while (!receive_all(run, worker, subscriber, reading, keeps)) {
  }
  reading.let_go_of_all();
  reading.settle();
  worker.step = Step::leaves;
}

}  // namespace busbar::torture
