#include "plan.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <stdexcept>

namespace compare {
namespace {

constexpr Wait kWaits[] = {Wait::busy, Wait::yield, Wait::block};
constexpr Test kTests[] = {Test::one_way, Test::round_trip, Test::idle};

template <typename Name, std::size_t Count>
Name named(const Name (&all)[Count], const std::string& text) {
  for (const Name name : all) {
    if (text == to_string(name)) return name;
  }
  throw std::invalid_argument("unknown: " + text);
}

using Setters = std::map<std::string, std::function<void(const std::string&)>>;

Setters setters(Plan& plan) {
  const auto number = [](auto& target) {
    return [&target](const std::string& text) {
      target = static_cast<std::remove_reference_t<decltype(target)>>(std::stod(text));
    };
  };
  const auto flag = [](bool& target) {
    return [&target](const std::string& text) { target = text == "1" || text == "yes"; };
  };
  return {
      {"wait", [&](const std::string& text) { plan.wait = named(kWaits, text); }},
      {"size", number(plan.size)},
      {"capacity", number(plan.capacity)},
      {"writers", number(plan.writers)},
      {"readers", number(plan.readers)},
      {"channels", number(plan.channels)},
      {"batch", number(plan.batch)},
      {"single", flag(plan.single)},
      {"prefault", flag(plan.prefault)},
      {"untouched", flag(plan.untouched)},
      {"pin", flag(plan.pin)},
      {"calls", flag(plan.calls)},
      {"warm", number(plan.warm_up)},
      {"seconds", number(plan.seconds)},
      {"probes", number(plan.probes)},
      {"daemon", [&](const std::string& text) { plan.daemon = text; }},
      {"fault", [&](const std::string& text) { plan.fault = text; }},
  };
}

}  // namespace

Plan Plan::parse(int argc, char** argv) {
  Plan plan;
  const Setters all = setters(plan);
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      plan.test = named(kTests, word);
      continue;
    }
    const auto setter = all.find(word.substr(0, equals));
    if (setter == all.end()) throw std::invalid_argument("unknown: " + word);
    setter->second(word.substr(equals + 1));
  }
  if (plan.size < 8 || plan.size % 8 != 0) throw std::invalid_argument("size: a multiple of 8");
  return plan;
}

std::size_t Plan::slots() const {
  return std::bit_floor(std::max<std::size_t>(capacity / size, 8));
}

const char* to_string(Wait wait) {
  switch (wait) {
    case Wait::busy:
      return "busy";
    case Wait::yield:
      return "yield";
    case Wait::block:
      break;
  }
  return "block";
}

const char* to_string(Test test) {
  switch (test) {
    case Test::one_way:
      return "one-way";
    case Test::round_trip:
      return "round-trip";
    case Test::idle:
      break;
  }
  return "idle";
}

}  // namespace compare
