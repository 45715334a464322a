#pragma once

#include <string>
#include <vector>

#include "control.hpp"
#include "plan.hpp"
#include "stage.hpp"

namespace compare {

/// The result of one sample: a line of JSON.
struct Sample {
  std::string peer;
  Plan plan;
  Window window;
  TripTimes trips;
  std::vector<double> lines;  // cache line round trips just before and just after, ns
  std::string failure;

  void print() const;
};

}  // namespace compare
