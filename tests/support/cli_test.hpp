#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {

/// A broker, and the real command line talking to it.
class CliTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::string>;

  /// `busbar --socket PATH WORDS...`.
  Words command(const Words& words) const;
  /// Runs that to its end.
  Ran busbar(const Words& words, std::string_view input = {}) const;
  Process start(const Words& words, const Process::Options& options = {}) const;

  /// `busbar sub CHANNEL WORDS...`, returned when its seat counts.
  Process subscribe(const std::string& channel, const Words& words,
                    const Process::Options& options = {}) const;

  /// A file in the broker's directory.
  std::string write_file(const std::string& name, std::string_view bytes) const;

  TestBroker broker_;
};

std::string read_file(const std::string& path);

/// Bytes that look random and are the same every time.
std::string noise(std::size_t size);

/// The bytes of --length-prefixed.
std::string length_prefixed(const std::vector<std::string>& messages);

}  // namespace busbar::test
