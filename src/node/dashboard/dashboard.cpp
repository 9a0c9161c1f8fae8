#include "node/dashboard/dashboard.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <utility>

#include "node/dashboard/job_page.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/parse_number.hpp"
#include "runtime/subject_log.hpp"
#include "web/assets.hpp"
#include "web/page_routes.hpp"

namespace emeth::node {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::uint64_t action_bytes_max = 1 << 10;
constexpr std::string_view api = "/api/v1/node";

http::Refusal unavailable(const Error& error) {
    return {503, error.message};
}

/// "after" of the query; 0 if it is absent.
std::optional<std::uint64_t> after(const http::ServerRequest& request) {
    const auto given = request.query.find("after");
    if (given == request.query.end()) return 0;
    return parse_number<std::uint64_t>(given->second);
}

/// The one field of an action's body: what `get` reads from it.
template <class Get>
auto named(const http::ServerRequest& request, Get get) -> Result<decltype(get(std::declval<JsonObject&>()))> {
    const Result<value> json = parse_json(request.body, action_bytes_max, "the request");
    if (json.has_error()) return json.error();
    JsonObject fields(*json, "the request");
    auto field = get(fields);
    if (const auto checked = fields.check(); checked.has_error()) return checked.error();
    return field;
}

std::string below(std::string_view path) {
    return fmt::format("{}/{}", api, path);
}

}  // namespace

Dashboard::Dashboard(const asio::any_io_executor& executor, DashboardPorts ports, DashboardAccess access)
    : ports_(std::move(ports)),
      access_(std::move(access)),
      feed_(executor, [this] { return ports_.command("status", {}); }, ports_.clock) {}

void Dashboard::add_routes(http::Server& server) {
    using Method = Task<http::Answer> (Dashboard::*)(http::ServerRequest);
    const auto calling = [this](Method method) -> http::Handler {
        return [this, method](http::ServerRequest request) { return (this->*method)(std::move(request)); };
    };
    web::add_files(server, web::dashboard_files(), reader());
    feed_.add_routes(server, api, reader());
    server.route("GET", below("jobs/{id}"), 0, web::for_pages(reader(), calling(&Dashboard::job)));
    server.route("GET", below("log"), 0, web::for_pages(reader(), calling(&Dashboard::log)));
    server.route("POST", below("decline"), action_bytes_max, web::for_pages(actor(), calling(&Dashboard::decline)));
    server.route("POST", below("retry"), action_bytes_max, web::for_pages(actor(), calling(&Dashboard::retry)));
    server.route("POST", below("drain"), action_bytes_max, web::for_pages(actor(), calling(&Dashboard::drain)));
    server.route("POST", below("disconnect"), action_bytes_max,
                 web::for_pages(actor(), calling(&Dashboard::disconnect)));
}

Task<http::Answer> Dashboard::job(http::ServerRequest request) {
    const std::string& text = request.captures.at("id");
    const auto id = JobId::parse(text);
    if (!id) co_return http::malformed("a JOB id is 0x and 32 hex digits");
    auto read = [jobs = &ports_.jobs, id = *id, now = ports_.clock.unix_ms()] { return read_job_page(*jobs, id, now); };
    auto reading = ports_.pool.run(std::move(read));
    const Result<std::optional<object>> page = co_await std::move(reading);
    if (page.has_error()) co_return unavailable(page.error());
    if (!page->has_value()) co_return http::not_found("this node knows no JOB " + id->hex());
    const value answer(**page);
    co_return answer;
}

Task<http::Answer> Dashboard::log(http::ServerRequest request) {
    const auto number = after(request);
    if (!number) co_return http::malformed("after must be the number of a line");
    const value answer{{"lines", to_json(ports_.log.after(*number))}};
    co_return answer;
}

Task<http::Answer> Dashboard::decline(http::ServerRequest request) {
    return carry_out_on_job("decline", std::move(request));
}

Task<http::Answer> Dashboard::retry(http::ServerRequest request) {
    return carry_out_on_job("retry", std::move(request));
}

Task<http::Answer> Dashboard::carry_out_on_job(std::string method, http::ServerRequest request) {
    const auto job = named(request, [](JsonObject& body) { return body.fixed<JobId>("job"); });
    if (job.has_error()) co_return http::malformed(job.error().message);
    log_of(*job).info("{}, from the dashboard, by {}", method, request.peer_address);
    object params{{"job", job->hex()}};
    co_return co_await carry_out(std::move(method), std::move(params));
}

Task<http::Answer> Dashboard::drain(http::ServerRequest request) {
    const auto on = named(request, [](JsonObject& body) { return body.boolean("on"); });
    if (on.has_error()) co_return http::malformed(on.error().message);
    object params{{"on", *on}};
    co_return co_await carry_out("drain", std::move(params));
}

Task<http::Answer> Dashboard::carry_out(std::string method, object params) {
    const Result<value> answer = co_await ports_.command(std::move(method), std::move(params));
    if (answer.has_error()) co_return http::conflict(answer.error().message);
    co_return *answer;
}

Task<http::Answer> Dashboard::disconnect(http::ServerRequest request) {
    const auto worker = named(request, [](JsonObject& body) { return body.fixed<Address>("worker"); });
    if (worker.has_error()) co_return http::malformed(worker.error().message);
    if (!ports_.disconnect(*worker)) co_return http::not_found("worker " + worker->hex() + " is not connected");
    const value answer{{"disconnected", worker->hex()}};
    co_return answer;
}

}  // namespace emeth::node
