#include <busbar/busbar.hpp>
#include <iostream>

// Prints the version of the library, and meets Errc::no_broker on a socket that does not exist.
int main() {
  std::cout << "busbar " << busbar::library_version() << '\n';
  try {
    auto bus = busbar::Bus::connect({.name = "consumer", .socket = "/nonexistent/control.sock"});
  } catch (const busbar::Error& error) {
    std::cout << error.what() << '\n';
    return error.errc() == busbar::Errc::no_broker ? 0 : 1;
  }
  return 1;
}
