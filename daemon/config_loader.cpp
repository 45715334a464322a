#include "daemon/config_loader.hpp"
namespace busbar::daemon {
Config load_config(const std::string&) { return {}; }
Config parse_config(std::string_view, const std::string&) { return {}; }
}
