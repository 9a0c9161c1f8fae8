#include "web/snapshot_feed.hpp"

#include <boost/json/object.hpp>
#include <utility>

#include "runtime/json_fields.hpp"
#include "web/page_routes.hpp"

namespace emeth::web {
namespace {

constexpr Milliseconds event_interval{1'000};

}  // namespace

Task<Result<SnapshotFeed::Text>> SnapshotFeed::latest() {
    const AsyncMutex::Lock lock = co_await taking_.lock();
    if (text_ != nullptr && clock_.monotonic() - taken_at_ < age_max) co_return text_;
    const Result<boost::json::value> snapshot = co_await source_();
    if (snapshot.has_error()) co_return snapshot.error();
    text_ = std::make_shared<const std::string>(json_text(*snapshot));
    taken_at_ = clock_.monotonic();
    co_return text_;
}

void SnapshotFeed::add_routes(http::Server& server, std::string_view path, const http::Admission& admission) {
    server.route("GET", path, 0, for_pages(admission, [this](http::ServerRequest) { return answer(); }));
    http::EventStreamOptions events;
    events.listeners_max = listeners_max;
    events.listeners_per_address_max = listeners_per_address_max;
    events.admission = admission;
    server.route_events(std::string(path) + "/events", std::move(events),
                        [this, admission](http::EventStream stream, http::ServerRequest request) {
                            return tell(std::move(stream), std::move(request), admission);
                        });
}

Task<http::Answer> SnapshotFeed::answer() {
    const auto text = co_await latest();
    if (text.has_error()) co_return http::Refusal(503, text.error().message);
    http::ServerResponse response;
    response.body = **text;
    co_return response;
}

Task<> SnapshotFeed::tell(http::EventStream stream, http::ServerRequest request, http::Admission admission) {
    while (!admission || admission(request).has_value()) {
        const auto text = co_await latest();
        const std::string name = text.has_error() ? "trouble" : "snapshot";
        std::string data =
            text.has_error() ? json_text(boost::json::object{{"error", text.error().message}}) : std::string(**text);
        const auto sent = co_await stream.send(name, std::move(data));
        if (sent.has_error()) co_return;
        co_await clock_.sleep(event_interval);
    }
}

}  // namespace emeth::web
