#include "config/config_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"
#include "config/config_node.hpp"

namespace busbar::config {
namespace {

using ::testing::HasSubstr;

class ConfigFile : public ::testing::Test {
 protected:
  ConfigFile() {
    char name[] = "/tmp/busbar-config-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/busbar.json";
  }
  ~ConfigFile() override {
    ::unlink(path_.c_str());
    ::rmdir(folder_.c_str());
  }

  static std::string refusal(const std::string& path) {
    try {
      read_config_file(path);
      return "read";
    } catch (const Error& error) {
      EXPECT_EQ(error.errc(), Errc::system);
      return error.what();
    }
  }

  std::string folder_;
  std::string path_;
};

TEST_F(ConfigFile, GivesTheContents) {
  std::ofstream(path_) << "{}\n";
  EXPECT_EQ(read_config_file(path_), "{}\n");
}

TEST_F(ConfigFile, NamesTheFileThatIsMissing) {
  EXPECT_EQ(refusal(path_), "cannot read configuration " + path_ + ": No such file or directory");
}

TEST_F(ConfigFile, RefusesADirectoryAndADevice) {
  EXPECT_THAT(refusal(folder_), HasSubstr("it is a directory; give a file or a pipe"));
  EXPECT_THAT(refusal("/dev/zero"), HasSubstr("it is a device; give a file or a pipe"));
}

TEST_F(ConfigFile, ReadsLittleMoreThanTheLimit) {
  std::ofstream(path_) << std::string(3 * kLargestConfig, ' ');
  const std::size_t size = read_config_file(path_).size();
  EXPECT_GT(size, kLargestConfig);
  EXPECT_LT(size, 2 * kLargestConfig);
}

TEST_F(ConfigFile, ReadsAPipeToItsEnd) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  {
    const UniqueFd writer(ends[1]);
    ASSERT_EQ(::write(writer.get(), "{}", 2), 2);
  }
  EXPECT_EQ(read_config_file("/proc/self/fd/" + std::to_string(reader.get())), "{}");
}

TEST_F(ConfigFile, DoesNotWaitForSomebodyToOpenAPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(read_config_file(path_), "");
}

}  // namespace
}  // namespace busbar::config
