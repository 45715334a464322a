#pragma once

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "cache_line.hpp"
#include "plan.hpp"
#include "runners.hpp"
#include "sample.hpp"
#include "shared.hpp"
#include "stage.hpp"
#include "trips.hpp"

namespace compare {

/// Readers on one core, writers on the other; with more of them they take turns.
template <typename Peer>
void start_runners(Stage& stage, Peer& peer, const Plan& plan, Control& control) {
  if (plan.test == Test::round_trip) {
    stage.start(1, [&] { answer(peer, plan, control); });
    stage.start(0, [&] { ask(peer, plan, control); });
    return;
  }
  for (int i = 0; i < plan.readers; ++i) {
    stage.start((i + 1) % 2, [&, i] { read(peer, plan, control, i); });
  }
  for (int i = 0; i < plan.writers; ++i) {
    stage.start(i % 2, [&, i] { write(peer, plan, control, i); });
  }
}

template <typename Peer>
void take(Sample& sample) {
  const Plan& plan = sample.plan;
  Control& control = shared<Control>();
  if (plan.writers > static_cast<int>(Control::kMost) ||
      plan.readers > static_cast<int>(Control::kMost)) {
    throw std::invalid_argument("too many runners");
  }
  Peer peer(plan);
  Stage stage(plan, control);
  if (plan.probes > 0) sample.lines.push_back(cache_line_round_trip().p50);
  start_runners(stage, peer, plan, control);
  sample.window = stage.run(peer.pids());
  if (plan.probes > 0) sample.lines.push_back(cache_line_round_trip().p50);
  sample.trips = control.trips;
  sample.failure = stage.failure();
}

/// A program that takes one sample of a peer; exit status 1 if it failed.
template <typename Peer>
int measure(const char* name, int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Sample sample;
  sample.peer = name;
  try {
    sample.plan = Plan::parse(argc, argv);
    take<Peer>(sample);
  } catch (const std::exception& error) {
    sample.failure = error.what();
  }
  sample.print();
  return sample.failure.empty() ? 0 : 1;
}

}  // namespace compare
