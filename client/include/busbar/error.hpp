#pragma once

#include "common/base/error.hpp"
