#include "tests/soak/options.hpp"

#include <busbar/busbar.hpp>
#include <string_view>

namespace busbar::soak {
namespace {

std::uint64_t size_of(const std::string& text) {
  const auto size = parse_size(text);
  if (!size) throw Error(Errc::invalid_argument, text + " is no size");
  return *size;
}

void set(Options& options, std::string_view name, const std::string& value) {
  const auto number = [&] { return static_cast<std::uint32_t>(size_of(value)); };
  if (name == "publishers") {
    options.publishers = number();
  } else if (name == "aborting") {
    options.aborting = number();
  } else if (name == "reliable") {
    options.reliable = number();
  } else if (name == "lossy") {
    options.lossy = number();
  } else if (name == "joiners") {
    options.joiners = number();
  } else if (name == "bytes") {
    options.bytes = size_of(value);
  } else if (name == "seconds") {
    options.seconds = std::stod(value);
  } else if (name == "capacity") {
    options.capacity = size_of(value);
  } else if (name == "smallest") {
    options.smallest = size_of(value);
  } else if (name == "largest") {
    options.largest = size_of(value);
  } else if (name == "fences") {
    options.fences = value;
  } else {
    throw Error(Errc::invalid_argument, "no option \"" + std::string(name) + "\"");
  }
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  if (argc < 2) throw Error(Errc::invalid_argument, "usage: busbar_soak SOCKET NAME=VALUE...");
  options.socket = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const auto equals = text.find('=');
    if (equals == std::string::npos) throw Error(Errc::invalid_argument, text + " has no value");
    set(options, std::string_view(text).substr(0, equals), text.substr(equals + 1));
  }
  return options;
}

}  // namespace busbar::soak
