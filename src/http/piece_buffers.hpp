// Large buffers for bodies that come fast. They are lent in pairs, so that one half is filled while the other is hashed
// and written, and only so many at once: whoever gets none makes do with the small buffer of his connection. Not for
// users of the library.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "http/file_pieces.hpp"

namespace emeth::http {

class PieceBuffers {
public:
    static constexpr std::size_t pairs_max = 16;

    struct Pair {
        std::vector<char> filled = std::vector<char>(piece_bytes), emptied = std::vector<char>(piece_bytes);
    };
    struct GiveBack {
        PieceBuffers* owner = nullptr;
        void operator()(Pair* pair) const { owner->free_.emplace_back(pair); }
    };
    /// Must end before what lent it.
    using Loan = std::unique_ptr<Pair, GiveBack>;

    /// Null if all are lent.
    Loan take();

private:
    std::vector<std::unique_ptr<Pair>> free_;  ///< kept: to get fresh memory costs as much as to fill it
    std::size_t made_ = 0;
};

}  // namespace emeth::http
