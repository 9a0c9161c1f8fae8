#include "node/dashboard/snapshot_feed.hpp"

#include "runtime/json_fields.hpp"

namespace emeth::node {

Task<Result<SnapshotFeed::Text>> SnapshotFeed::latest() {
    const AsyncMutex::Lock lock = co_await taking_.lock();
    if (text_ != nullptr && clock_.monotonic() - taken_at_ < age_max) co_return text_;
    const Result<boost::json::value> snapshot = co_await source_();
    if (snapshot.has_error()) co_return snapshot.error();
    text_ = std::make_shared<const std::string>(json_text(*snapshot));
    taken_at_ = clock_.monotonic();
    co_return text_;
}

}  // namespace emeth::node
