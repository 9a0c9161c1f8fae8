// One snapshot for all who look, however many: taken again when it is asked for and older than a second. Io thread
// only.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/async_mutex.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"

namespace emeth::node {

class SnapshotFeed {
public:
    static constexpr Milliseconds age_max{1'000};

    using Source = std::function<Task<Result<boost::json::value>>()>;
    using Text = std::shared_ptr<const std::string>;

    SnapshotFeed(const asio::any_io_executor& executor, Source source, Clock& clock)
        : source_(std::move(source)), clock_(clock), taking_(executor) {}

    /// As JSON. The Error is the source's, and is not kept.
    Task<Result<Text>> latest();

private:
    Source source_;
    Clock& clock_;
    AsyncMutex taking_;
    Text text_;
    Milliseconds taken_at_{0};  ///< of `text_`, monotonic
};

}  // namespace emeth::node
