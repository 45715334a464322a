#include "common/base/error.hpp"

namespace busbar {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "busbar"; }

  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::no_broker:
        return "no broker answers";
      case Errc::refused:
        return "not allowed";
      case Errc::protocol:
        return "control protocol violated";
      case Errc::version:
        return "no version in common";
      case Errc::invalid_name:
        return "invalid name";
      case Errc::invalid_argument:
        return "invalid argument";
      case Errc::no_such_channel:
        return "no such channel";
      case Errc::channel_exists:
        return "channel exists";
      case Errc::limit:
        return "limit reached";
      case Errc::in_use:
        return "in use";
      case Errc::too_large:
        return "message too large";
      case Errc::timed_out:
        return "timed out";
      case Errc::misuse:
        return "misuse";
      case Errc::system:
        return "system call failed";
      case Errc::damaged:
        return "damaged segment";
      case Errc::forked:
        return "handle used after fork";
    }
    return "unknown busbar error";
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

Error::Error(Errc errc, const std::string& text)
    : std::system_error(make_error_code(errc)), text_(text) {}

Error::~Error() = default;

Error system_error(const std::string& what, int errno_value) {
  return Error(Errc::system, what + ": " + std::generic_category().message(errno_value));
}

}  // namespace busbar
