#include "cli/option_types.hpp"

#include <busbar/units.hpp>
#include <charconv>

#include "cli/words.hpp"

namespace busbar::cli {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& found,
                         const std::string& allowed) {
  throw CLI::ValidationError(name, "\"" + printable(found) + "\" is " + allowed);
}

template <typename Number>
CLI::Option* add_whole_number(CLI::App& app, const std::string& name, std::optional<Number>& target,
                              Number least, Number most, const std::string& help) {
  const auto parse = [name, least, most, &target](const std::string& text) {
    Number number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc{} || end != last || number < least || number > most) {
      refuse(name, text,
             "not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    target = number;
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("N");
}

}  // namespace

CLI::Option* add_size(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& target,
                      const std::string& help) {
  const auto parse = [name, &target](const std::string& text) {
    target = parse_size(text);
    if (!target) {
      refuse(name, text, "not a size: a number of bytes, or with a unit: 64KiB, 1.5MiB, 2GiB, 1MB");
    }
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("SIZE");
}

CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::optional<std::chrono::nanoseconds>& target,
                          const std::string& help) {
  const auto parse = [name, &target](const std::string& text) {
    target = parse_duration(text);
    if (!target) refuse(name, text, "not a time: a number with its unit: 250ms, 1.5s, 2min");
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("TIME");
}

CLI::Option* add_number(CLI::App& app, const std::string& name,
                        std::optional<std::uint64_t>& target, std::uint64_t least,
                        std::uint64_t most, const std::string& help) {
  return add_whole_number(app, name, target, least, most, help);
}

CLI::Option* add_number(CLI::App& app, const std::string& name,
                        std::optional<std::uint32_t>& target, std::uint32_t least,
                        std::uint32_t most, const std::string& help) {
  return add_whole_number(app, name, target, least, most, help);
}

}  // namespace busbar::cli
