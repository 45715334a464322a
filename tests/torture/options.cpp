#include "tests/torture/options.hpp"

#include <busbar/busbar.hpp>
#include <string_view>

namespace busbar::torture {
namespace {

void set(Options& options, std::string_view name, const std::string& value) {
  if (name == "seconds") {
    options.seconds = std::stod(value);
  } else if (name == "kills") {
    options.kills = std::stod(value);
  } else if (name == "broker_kills") {
    options.broker_kills = std::stod(value);
  } else if (name == "seed") {
    options.seed = std::stoull(value);
  } else if (name == "segment") {
    options.segment = value;
  } else if (name == "supervise") {
    options.supervise = value != "0";
  } else if (name == "patience") {
    options.patience = std::stod(value);
  } else {
    throw Error(Errc::invalid_argument, "no option \"" + std::string(name) + "\"");
  }
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  if (argc < 2) throw Error(Errc::invalid_argument, "usage: busbar_torture BUSBARD NAME=VALUE...");
  options.busbard = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const auto equals = text.find('=');
    if (equals == std::string::npos) throw Error(Errc::invalid_argument, text + " has no value");
    set(options, std::string_view(text).substr(0, equals), text.substr(equals + 1));
  }
  return options;
}

}  // namespace busbar::torture
