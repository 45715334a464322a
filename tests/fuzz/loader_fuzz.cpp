#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/base/error.hpp"
#include "config/config_loader.hpp"
#include "config/config_report.hpp"

// A configuration is refused with file, line and pointer in one printable line, or it can be
// reported.

namespace {

constexpr std::string_view kName = "busbar.json";

bool is_place(std::string_view words) {
  if (!words.starts_with(kName)) return false;
  words.remove_prefix(kName.size());
  std::size_t at = 1;
  while (at < words.size() && std::isdigit(static_cast<unsigned char>(words[at])) != 0) ++at;
  return words.starts_with(":") && at > 1 && words.substr(at).starts_with(": /");
}

bool is_printable(std::string_view words) {
  for (const char c : words) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busbar::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Config config = parse_config(text, std::string(kName));
    const ConfigReport report = config_report(std::string(kName), config, {});
    if (config_report_text(report).empty() || config_report_json(report).empty()) std::abort();
  } catch (const busbar::Error& error) {
    const std::string_view words = error.what();
    const bool is_refusal = error.errc() == busbar::Errc::invalid_argument;
    if (!is_refusal || !is_place(words) || !is_printable(words)) std::abort();
  }
  return 0;
}
