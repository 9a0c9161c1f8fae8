#include "chain/chain_clock.hpp"

namespace emeth::chain {

Task<Result<std::int64_t>> ChainClock::now_unix_s() {
    if (anchor_ && clock_.monotonic() - asked_at_ < fresh_for) co_return *estimate_unix_s();
    const Milliseconds asked_at = clock_.monotonic();  // taken before the request: the answer may be long on its way
    const Result<Block> latest = co_await chain_.latest_block();
    if (latest.has_error() && !anchor_) co_return latest.error();
    if (latest) {
        asked_at_ = asked_at;
        if (!anchor_ || anchor_->block != latest->hash) {
            anchor_ = Anchor{latest->hash, latest->timestamp_unix_s, asked_at};
        }
    }
    co_return *estimate_unix_s();
}

std::optional<std::int64_t> ChainClock::estimate_unix_s() const {
    if (!anchor_) return std::nullopt;
    const auto since = std::chrono::duration_cast<std::chrono::seconds>(clock_.monotonic() - anchor_->seen_at);
    return anchor_->timestamp_unix_s + since.count();
}

}  // namespace emeth::chain
