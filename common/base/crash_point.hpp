#pragma once

// Named places where a process can be made to die, for tests alone:
// BUSBAR_CRASH_POINT("what.step"). Nothing at all unless BUSBAR_CRASH_POINTS is defined, which only
// the targets of tests/crash do.

#ifndef BUSBAR_CRASH_POINTS
#define BUSBAR_CRASH_POINT(name) static_cast<void>(0)
#else
#include "common/base/armed_crash_point.hpp"
#define BUSBAR_CRASH_POINT(name) ::busbar::CrashPoint::pass(name)
#endif
