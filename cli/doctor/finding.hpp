#pragma once

#include <string>
#include <vector>

namespace busbar::cli {

enum class Verdict { ok, warning, problem };

/// What one look at the machine found.
struct Finding {
  Verdict verdict = Verdict::ok;
  std::string check;    // one word: what was looked at
  std::string what;     // one line
  std::string why;      // what comes of it; empty if it is fine
  std::string command;  // what mends it, or where to look; empty if it is fine
};
/// "ok", "warning", "problem".
const char* verdict_text(Verdict verdict);

using Findings = std::vector<Finding>;

}  // namespace busbar::cli
