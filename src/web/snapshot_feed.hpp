// What a page shows, as one JSON text for all who look, however many: taken again when it is asked for and older than a
// second. Io thread only.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"

namespace emeth::web {

class SnapshotFeed {
public:
    static constexpr Milliseconds age_max{1'000};
    /// Of its events. They hold a connection each, so the http::Server must accept as many more.
    static constexpr std::size_t listeners_max = 16, listeners_per_address_max = 4;

    using Source = std::function<Task<Result<boost::json::value>>()>;
    using Text = std::shared_ptr<const std::string>;

    SnapshotFeed(const asio::any_io_executor& executor, Source source, Clock& clock)
        : source_(std::move(source)), clock_(clock), taking_(executor) {}

    /// As JSON. The Error is the source's, and is not kept.
    Task<Result<Text>> latest();

    /// GET `path`: the snapshot, 503 if there is none. GET `path`/events: each second "snapshot", or "trouble" with
    /// {error}, for as long as somebody takes them whom `admission` still lets in. The feed must outlive the
    /// http::Server's run().
    void add_routes(http::Server& server, std::string_view path, const http::Admission& admission);

private:
    Task<http::Answer> answer();
    Task<> tell(http::EventStream stream, http::ServerRequest request, http::Admission admission);

    Source source_;
    Clock& clock_;
    AsyncMutex taking_;
    Text text_;
    Milliseconds taken_at_{0};  ///< of `text_`, monotonic
};

}  // namespace emeth::web
