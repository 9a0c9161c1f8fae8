#include "http/health_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <utility>

#include "runtime/brief_cache.hpp"

namespace emeth::http {
namespace {

constexpr unsigned service_unavailable = 503;

Task<Answer> say_ok(ServerRequest) {
    ServerResponse response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "ok\n";
    co_return response;
}

using Reasons = BriefCache<std::vector<std::string>>;

Task<Answer> readiness(std::shared_ptr<Reasons> why_not_ready) {
    auto asking = why_not_ready->get();
    const std::vector<std::string> reasons = co_await std::move(asking);
    boost::json::object json{{"ready", reasons.empty()}};
    if (!reasons.empty()) json["reasons"] = boost::json::array(reasons.begin(), reasons.end());
    ServerResponse response{boost::json::value(std::move(json))};
    if (!reasons.empty()) response.status = service_unavailable;
    co_return response;
}

Task<Answer> refused(Refusal refusal) {
    co_return refusal;
}

}  // namespace

Handler admitted(Admission admission, Handler handler) {
    if (!admission) return handler;
    return [admission = std::move(admission), handler = std::move(handler)](ServerRequest request) {
        const OrRefusal<void> checked = admission(request);
        return checked.has_error() ? refused(checked.error()) : handler(std::move(request));
    };
}

void add_health_routes(Server& server, WhyNotReady why_not_ready, Admission admission, Handler alive) {
    server.route("GET", "/healthz", 0, admitted(admission, alive ? std::move(alive) : Handler(say_ok)));
    const auto reasons = std::make_shared<Reasons>(std::move(why_not_ready));
    server.route("GET", "/readyz", 0,
                 admitted(std::move(admission), [reasons](ServerRequest) { return readiness(reasons); }));
}

}  // namespace emeth::http
