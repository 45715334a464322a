#pragma once

#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/soak/traffic.hpp"
#include "tests/torture/account.hpp"
#include "tests/torture/options.hpp"

namespace busbar::torture {

enum class Role { publisher, subscriber, lossy, witness };

/// One of the processes that are killed and replaced; the witness is not.
struct Post {
  std::uint32_t worker = 0;  // its number among all
  std::uint32_t channel = 0;
  Role role = Role::publisher;
};

/// What the processes of one run share.
struct Run {
  const Options& options;
  const soak::Traffic& traffic;
  const std::string& socket;
  Account& account;
};

std::string channel_name(std::uint32_t channel);

/// The work of one process until it is killed or the run ends; `self` is its number: a publisher's
/// on its channel, else its worker's incarnation. Throws on anything unexpected.
void publish(const Run& run, const Post& post, std::uint32_t self);
void subscribe(const Run& run, const Post& post, std::uint32_t self);

/// Done again as long as only a death that the broker has yet to learn of, or the broker's own,
/// is in the way.
template <typename Attempt>
auto patiently(const Run& run, WorkerAccount& worker, Step step, Attempt attempt) {
  const auto give_up = Clock::now() + std::chrono::duration<double>(run.options.patience);
  for (;;) {
    worker.step = step;
    try {
      return attempt();
    } catch (const Error& error) {
      const bool passes = error.errc() == Errc::in_use || error.errc() == Errc::limit ||
                          error.errc() == Errc::no_broker || error.errc() == Errc::timed_out;
      if (!passes || Clock::now() > give_up) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace busbar::torture
