#pragma once

// As good as certain. [[likely]] stands for nine in ten: a tenth of what the other side costs is
// then worth a register, and the side that counts spills. Macros: a function would first make a
// value of the condition, where a branch is all that is needed.
#define BUSBAR_NEARLY_ALWAYS(condition) \
  __builtin_expect_with_probability(static_cast<bool>(condition), true, 0.9999)
#define BUSBAR_HARDLY_EVER(condition) \
  __builtin_expect_with_probability(static_cast<bool>(condition), false, 0.9999)
