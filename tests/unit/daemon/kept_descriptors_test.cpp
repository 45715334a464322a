#include "daemon/kept_descriptors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/descriptor_names.hpp"

namespace busbar::daemon {
namespace {

UniqueFd any() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

TEST(KeptDescriptors, ReplaceWhatHadTheName) {
  KeptDescriptors kept(10);
  UniqueFd first = any();
  const int number = first.get();
  kept.keep("one", std::move(first));
  UniqueFd second = any();
  const int other = second.get();
  kept.keep("one", std::move(second));
  ASSERT_EQ(kept.all().size(), 1u);
  EXPECT_EQ(kept.all().at("one").get(), other);
  EXPECT_FALSE(is_open(number));
}

TEST(KeptDescriptors, AreClosedWhenTheyAreDropped) {
  KeptDescriptors kept(10);
  UniqueFd fd = any();
  const int number = fd.get();
  kept.keep("one", std::move(fd));
  kept.drop("one");
  kept.drop("one");
  EXPECT_TRUE(kept.all().empty());
  EXPECT_FALSE(is_open(number));
}

TEST(KeptDescriptors, AreNoMoreThanTheLimit) {
  KeptDescriptors kept(2);
  for (const char* name : {"one", "two", "three"}) kept.keep(name, any());
  EXPECT_EQ(kept.all().size(), 2u);
  kept.drop("one");
  kept.keep("three", any());
  EXPECT_EQ(kept.all().count("three"), 1u);
}

TEST(KeptDescriptors, AreNoMoreThanThereIsRoomForNamesOf) {
  KeptDescriptors kept(100'000);
  for (int i = 0; i < 1000; ++i) kept.keep(std::string(200, 'x') + std::to_string(i), any());
  std::size_t bytes = 0;
  for (const auto& [name, fd] : kept.all()) bytes += name.size() + 1;
  EXPECT_LE(bytes, kRoomForDescriptorNames);
  EXPECT_GT(bytes, kRoomForDescriptorNames - 210);
}

TEST(KeptDescriptors, HaveNamesThatCanBeHandedOver) {
  KeptDescriptors kept(10);
  for (const char* name : {"", "a:b", "a\nb"}) kept.keep(name, any());
  EXPECT_TRUE(kept.all().empty());
}

}  // namespace
}  // namespace busbar::daemon
