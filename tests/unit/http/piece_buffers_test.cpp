#include "http/piece_buffers.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

TEST(PieceBuffers, AreSoManyAndComeBack) {
    PieceBuffers buffers;
    std::vector<PieceBuffers::Loan> lent;
    for (std::size_t i = 0; i < PieceBuffers::pairs_max; ++i) lent.push_back(buffers.take());
    for (const PieceBuffers::Loan& pair : lent) {
        ASSERT_TRUE(pair);
        EXPECT_EQ(pair->filled.size(), piece_bytes);
        EXPECT_EQ(pair->emptied.size(), piece_bytes);
    }
    EXPECT_FALSE(buffers.take());
    const PieceBuffers::Pair* given_back = lent.back().get();
    lent.pop_back();
    EXPECT_EQ(buffers.take().get(), given_back);
    EXPECT_TRUE(buffers.take()) << "the loan before ended with its line";
}

}  // namespace
}  // namespace emeth::http
