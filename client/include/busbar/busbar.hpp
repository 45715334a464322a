#pragma once

// Everything of the client library. Standard library only.
#include "busbar/bus.hpp"
#include "busbar/claim.hpp"
#include "busbar/error.hpp"
#include "busbar/info.hpp"
#include "busbar/message.hpp"
#include "busbar/options.hpp"
#include "busbar/outcome.hpp"
#include "busbar/publisher.hpp"
#include "busbar/subscriber.hpp"
#include "busbar/tuning.hpp"
#include "busbar/units.hpp"
#include "busbar/version.hpp"
