#pragma once

#include "common/base/units.hpp"
