#include "common/ring/layout_range.hpp"

#include "common/layout/limits.hpp"

namespace busbar::ring {

// Weak, so that tests can link programs that serve other versions: those of an upgrade.
[[gnu::weak]] LayoutRange served_layouts() noexcept {
  return {layout::kOldestLayout, layout::kLayoutVersion};
}

}  // namespace busbar::ring
