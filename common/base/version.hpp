#pragma once

namespace busbar {

inline constexpr const char* kLibraryVersion = "0.1.0";
/// The control protocol that this library and this broker speak (docs/control-protocol.md).
inline constexpr int kControlProtocol = 1;

}  // namespace busbar
