#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/malformed/malformed.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {
namespace {

TEST(MalformedConfig, EndsTheRealBrokerWithTwoAndThePlace) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("busbar.json");
  const std::uint64_t first = 100'000;  // others than the unit test has
  for (std::uint64_t number = first; number < first + 2 * malformed_kinds(); ++number) {
    const Malformed config = malformed(number);
    std::ofstream(path) << config.text;
    const Ran broker = run({BUSBARD_PATH, "--check-config", "--config", path});
    const std::string place =
        path + ":" + std::to_string(config.line) + ": " + config.pointer + ": ";
    EXPECT_EQ(broker.status, 2) << number << ", " << config.kind;
    EXPECT_EQ(broker.out, "");
    EXPECT_THAT(broker.err, ::testing::StartsWith(place)) << number << ", " << config.kind;
  }
}

}  // namespace
}  // namespace busbar::test
