#include "cli/doctor/finding.hpp"

namespace busbar::cli {

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::problem:
      return "problem";
  }
  return "unknown";
}

}  // namespace busbar::cli
