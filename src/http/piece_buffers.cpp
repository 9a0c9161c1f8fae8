#include "http/piece_buffers.hpp"

#include <utility>

namespace emeth::http {

PieceBuffers::Loan PieceBuffers::take() {
    if (free_.empty() && made_ == pairs_max) return {nullptr, {this}};
    std::unique_ptr<Pair> pair;
    if (free_.empty()) {
        pair = std::make_unique<Pair>();
        ++made_;
    } else {
        pair = std::move(free_.back());
        free_.pop_back();
    }
    return {pair.release(), {this}};
}

}  // namespace emeth::http
