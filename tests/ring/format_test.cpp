#include "common/ring/format.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "common/base/error.hpp"
#include "tests/ring/test_ring.hpp"

namespace busbar::test {
namespace {

class Format : public testing::Test {
 protected:
  TestRing channel;
  layout::RingDescriptor& descriptor() {
    return *reinterpret_cast<layout::RingDescriptor*>(channel.ring_segment());
  }
  layout::SeatsDescriptor& seats() {
    return *reinterpret_cast<layout::SeatsDescriptor*>(channel.seats_segment());
  }
  void expect(Errc errc) {
    try {
      channel.attach();
      ADD_FAILURE() << "it was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.errc(), errc) << error.what();
    }
  }
};

TEST_F(Format, IsViewedWithTheSameNumbers) {
  ring::Settings wanted;
  wanted.name = "numbers";
  wanted.capacity = 65536;
  wanted.max_message = 1000;
  wanted.block_timeout_ns = 17;
  wanted.max_publishers = 64;
  wanted.max_subscribers = 200;
  wanted.alignment = 64;
  wanted.when_full = layout::WhenFull::drop_newest;
  wanted.fence_rule = layout::FenceRule::full;
  const TestRing other(wanted);
  EXPECT_EQ(other.ring.capacity, 65536u);
  EXPECT_EQ(other.ring.max_message, 1000u);
  EXPECT_EQ(other.ring.block_timeout_ns, 17u);
  EXPECT_EQ(other.ring.max_publishers, 64u);
  EXPECT_EQ(other.ring.max_subscribers, 200u);
  EXPECT_EQ(other.ring.seat_words, 4u);
  EXPECT_EQ(other.ring.alignment, 64u);
  EXPECT_EQ(other.ring.when_full, layout::WhenFull::drop_newest);
  EXPECT_EQ(other.ring.fence_rule, layout::FenceRule::full);
  EXPECT_EQ(ring::channel_name(other.ring_segment()), "numbers");
}

TEST_F(Format, WithoutItsMagicIsDamaged) {
  descriptor().magic.store(0);
  expect(Errc::damaged);
}

TEST_F(Format, OfSeatsWithoutTheirMagicIsDamaged) {
  seats().magic.store(0);
  expect(Errc::damaged);
}

TEST_F(Format, OfAnotherLayoutIsAVersionError) {
  descriptor().layout_version = layout::kLayoutVersion + 1;
  expect(Errc::version);
  descriptor().layout_version = 0;
  expect(Errc::version);
}

TEST_F(Format, OfAnotherChannelsSeatsIsDamaged) {
  seats().channel_id += 1;
  expect(Errc::damaged);
}

TEST_F(Format, WithAnyNumberOutOfItsLimitsIsDamaged) {
  using D = layout::RingDescriptor;
  const D& now = descriptor();
  const auto with = [&](auto member, auto value) {
    const auto before = now.*member;
    descriptor().*member = static_cast<std::remove_cvref_t<decltype(before)>>(value);
    expect(Errc::damaged);
    descriptor().*member = before;
  };
  for (const std::uint64_t capacity :
       {std::uint64_t{0}, std::uint64_t{2048}, std::uint64_t{4097}, std::uint64_t{8192},
        std::uint64_t{1} << 39, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    with(&D::capacity, capacity);
  }
  for (const std::uint32_t count : {0u, 65u, 0xffffffffu}) with(&D::max_publishers, count);
  for (const std::uint32_t count : {0u, 257u, 0xffffffffu}) with(&D::max_subscribers, count);
  for (const std::uint32_t alignment : {0u, 4u, 12u, 8192u}) with(&D::alignment, alignment);
  with(&D::max_message, 2049);
  with(&D::data_offset, 0);
  with(&D::data_offset, 4097);
  with(&D::segment_bytes, 1);
  with(&D::when_full, layout::WhenFull(7));
  with(&D::fence_rule, layout::FenceRule(2));
  EXPECT_NO_THROW(channel.attach());
}

TEST_F(Format, IsRefusedForAnotherNumberOfBytes) {
  const std::uint64_t ring_bytes = ring::ring_bytes(channel.settings);
  const std::uint64_t seats_bytes = ring::seats_bytes(channel.settings);
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{100}, ring_bytes - 4096}) {
    EXPECT_THROW(ring::view(channel.ring_segment(), bytes, channel.seats_segment(), seats_bytes),
                 Error);
  }
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{100}, seats_bytes + 4096}) {
    EXPECT_THROW(ring::view(channel.ring_segment(), ring_bytes, channel.seats_segment(), bytes),
                 Error);
  }
}

TEST_F(Format, KeepsAnUnterminatedNameInItsField) {
  std::memset(descriptor().name, 'x', sizeof descriptor().name);
  EXPECT_EQ(ring::channel_name(channel.ring_segment()), std::string(136, 'x'));
}

}  // namespace
}  // namespace busbar::test
