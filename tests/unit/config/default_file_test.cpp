#include <gtest/gtest.h>

#include "config/config_loader.hpp"
#include "config/settings_resolver.hpp"

namespace busbar::config {
namespace {

// That it names every key is tests/config/check_keys.py's matter.
TEST(DefaultFile, SaysWhatHoldsWithoutAFile) {
  const Config built_in;
  const Config config = load_config(BUSBAR_TREE "/config/busbar.json");
  EXPECT_EQ(config.bus, built_in.bus);
  EXPECT_EQ(config.socket, built_in.socket);
  EXPECT_EQ(config.socket_mode, built_in.socket_mode);
  EXPECT_EQ(config.socket_group, built_in.socket_group);
  EXPECT_EQ(config.admin, built_in.admin);
  EXPECT_EQ(config.limits.memory, built_in.limits.memory);
  EXPECT_EQ(config.limits.clients, built_in.limits.clients);
  EXPECT_EQ(config.limits.channels, built_in.limits.channels);
  EXPECT_EQ(config.limits.per_user.memory, built_in.limits.per_user.memory);
  EXPECT_EQ(config.limits.per_user.clients, built_in.limits.clients / 4);
  EXPECT_EQ(config.limits.per_user.channels, built_in.limits.channels / 4);
  EXPECT_EQ(config.dynamic_channels, built_in.dynamic_channels);
  EXPECT_TRUE(config.channels.empty());
  EXPECT_EQ(config.log_level, built_in.log_level);
  EXPECT_EQ(config.log_target, built_in.log_target);
  const auto plan = [](const Config& of) { return SettingsResolver(of.defaults).resolve("a", {}); };
  EXPECT_EQ(difference(plan(config), plan(built_in)), "");
}

}  // namespace
}  // namespace busbar::config
