#include "statemachine/upload_parts.hpp"

#include <gtest/gtest.h>

namespace emeth {
namespace {

TEST(UploadParts, CoverTheFileAndAreAtLeastOne) {
    EXPECT_EQ(upload_parts_of(0), 1u);
    EXPECT_EQ(upload_parts_of(1), 1u);
    EXPECT_EQ(upload_parts_of(9'999'999), 1u);
    EXPECT_EQ(upload_parts_of(10'000'000), 1u);
    EXPECT_EQ(upload_parts_of(10'000'001), 2u);
    EXPECT_EQ(upload_parts_of(25'000'000), 3u);
}

TEST(UploadParts, AreBounded) {
    EXPECT_EQ(upload_parts_of(upload_part_bytes * upload_parts_max), upload_parts_max);
    EXPECT_EQ(upload_parts_of(upload_part_bytes * (upload_parts_max + 5)), upload_parts_max);
}

}  // namespace
}  // namespace emeth
