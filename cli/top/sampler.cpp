#include "cli/top/sampler.hpp"

#include <busbar/error.hpp>
#include <utility>

namespace busbar::cli {
namespace {

// A broker that is stopped must not keep the wish to end waiting for long.
constexpr std::chrono::seconds kPatience{2};

Bus connect_shortly(const CommonOptions& options) {
  return Bus::connect({.name = options.name,
                       .socket = options.socket,
                       .timeout = kPatience,
                       .wait = WaitPolicy::balanced});
}

}  // namespace

Sampler::Sampler(const CommonOptions& options, std::string channel)
    : options_(options),
      channel_(std::move(channel)),
      bus_(connect_shortly(options)),
      socket_(bus_->socket()) {}

void Sampler::take() {
  try {
    if (!bus_) bus_ = connect_shortly(options_);
    socket_ = bus_->socket();
    BusSample sample = ask();
    before_ = std::exchange(now_, std::move(sample));
  } catch (const Error& error) {
    why_ = error.what();
    bus_.reset();
    now_.reset();
    before_.reset();
  }
}

BusSample Sampler::ask() {
  BusSample sample;
  sample.broker = bus_->broker();
  sample.at = std::chrono::steady_clock::now();
  sample.channels = bus_->channels();
  if (!channel_.empty()) {
    std::erase_if(sample.channels, [this](const auto& each) { return each.name != channel_; });
  }
  try {
    sample.clients = bus_->clients();
  } catch (const Error& error) {
    if (error.errc() != Errc::refused) throw;
    sample.clients_refused = true;
  }
  return sample;
}

}  // namespace busbar::cli
