#include "network/chain_probe.hpp"

namespace emeth::network {

Task<bool> ChainProbe::answers() {
    const AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
    if (asked_at_ && clock_.monotonic() - *asked_at_ < interval) co_return answered_;
    const Result<chain::Block> head = co_await chain_.latest_block();
    asked_at_ = clock_.monotonic();
    answered_ = head.has_value();
    co_return answered_;
}

}  // namespace emeth::network
