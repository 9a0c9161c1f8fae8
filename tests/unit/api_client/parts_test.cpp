#include <gtest/gtest.h>

#include "api_client/storage_api_client.hpp"

namespace emeth::api_client {
namespace {

TEST(Parts, CoverTheFileAndAreAtLeastOne) {
    EXPECT_EQ(parts_of(0), 1u);
    EXPECT_EQ(parts_of(1), 1u);
    EXPECT_EQ(parts_of(9'999'999), 1u);
    EXPECT_EQ(parts_of(10'000'000), 1u);
    EXPECT_EQ(parts_of(10'000'001), 2u);
    EXPECT_EQ(parts_of(25'000'000), 3u);
}

TEST(Parts, AreBounded) {
    EXPECT_EQ(parts_of(part_bytes * parts_max), parts_max);
    EXPECT_EQ(parts_of(part_bytes * (parts_max + 5)), parts_max);
}

}  // namespace
}  // namespace emeth::api_client
