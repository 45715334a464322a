#pragma once

namespace busbar::test {

/// From now on membarrier fails with `error` (ENOSYS: as on a kernel without it, EPERM: as under a
/// container's filter) in this thread, in those that it starts and behind exec. Not to be undone.
/// False, with errno, if that is not possible. Async-signal-safe.
bool refuse_membarrier(int error);

/// As above, but registering is allowed still: only the fence itself is refused.
bool refuse_membarrier_fence(int error);

}  // namespace busbar::test
