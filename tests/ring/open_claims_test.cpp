#include "common/ring/open_claims.hpp"

#include <gtest/gtest.h>

namespace busbar::ring {
namespace {

TEST(OpenClaims, KnowTheOldestWhateverTheOrderOfTheirEnds) {
  OpenClaims claims;
  EXPECT_EQ(claims.oldest(), layout::kNoClaim);
  for (const std::uint64_t position : {8u, 24u, 40u}) {
    claims.make_room();
    claims.add(position);
  }
  EXPECT_EQ(claims.size(), 3u);
  EXPECT_EQ(claims.oldest(), 8u);
  claims.remove(24);
  EXPECT_EQ(claims.oldest(), 8u);
  claims.remove(8);
  EXPECT_EQ(claims.oldest(), 40u);
  claims.remove(40);
  EXPECT_EQ(claims.size(), 0u);
  EXPECT_EQ(claims.oldest(), layout::kNoClaim);
}

TEST(OpenClaims, MayShareAPosition) {
  OpenClaims claims;  // a hostile fellow has thrown the claimed position back
  for (int i = 0; i < 3; ++i) {
    claims.make_room();
    claims.add(8);
  }
  claims.remove(8);
  claims.remove(8);
  EXPECT_EQ(claims.oldest(), 8u);
  claims.remove(8);
  EXPECT_EQ(claims.size(), 0u);
}

}  // namespace
}  // namespace busbar::ring
