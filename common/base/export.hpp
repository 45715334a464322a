#pragma once

// Symbols of libbusbar are hidden unless they carry this mark.
#define BUSBAR_EXPORT __attribute__((visibility("default")))
