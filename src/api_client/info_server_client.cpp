#include "api_client/info_server_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/value.hpp>
#include <set>
#include <utility>

#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/waiting.hpp"

namespace emeth::api_client {

namespace {

constexpr std::size_t answer_bytes_max = 32 << 20;
constexpr std::string_view list = "the JOB info server's list";

/// How a web server's error page begins, whatever its status says.
bool looks_like_html(std::string_view body) {
    const auto begin = body.find_first_not_of(" \t\r\n");
    return begin != std::string_view::npos && body[begin] == '<';
}

}  // namespace

Task<Result<std::vector<JobOffer>>> InfoServerClient::open_jobs() {
    http::ClientRequest request;
    request.url = base_url_.at(fmt::format("{}?status=0", jobs_path));
    request.response_bytes_max = answer_bytes_max;
    const Milliseconds sent = time_ == nullptr ? Milliseconds::zero() : time_->monotonic();
    const Waiting waiting("the JOB info server " + base_url_.origin());
    const auto response = co_await http::request(std::move(request));
    if (response.has_error()) co_return in_context("JOB info server", response.error());
    if (time_ != nullptr) time_->answered(ClockOffset::Server::info_server, response->headers, sent);
    if (response->status != 200) {
        Error error = http::status_error("the JOB info server", *response);
        co_return transient_error(std::move(error.message));  // the server may be repaired while the node is running
    }
    if (looks_like_html(response->body))
        co_return transient_error("the JOB info server at " + base_url_.origin() +
                                  " answered HTML, not JSON; check info_server_url");
    const auto json = parse_json_leniently(response->body, answer_bytes_max, list);
    if (json.has_error()) co_return transient_error(json.error().message);
    const auto* entries = json->if_array();
    if (entries == nullptr) co_return transient_error(fmt::format("{} is no JSON array; check info_server_url", list));

    std::vector<JobOffer> offers;
    std::set<JobId> seen;
    std::size_t unreadable = 0;
    std::string first_reason;
    const std::size_t count = std::min(entries->size(), offers_max);
    for (std::size_t index = 0; index < count; ++index) {
        auto offer = read_offer((*entries)[index], list);
        if (offer.has_value()) {
            if (seen.insert(offer->id).second) offers.push_back(std::move(*offer));
        } else if (unreadable++ == 0) {
            first_reason = offer.error().message;
        }
    }
    if (unreadable > 0 && !std::exchange(unreadable_noted_, true))
        spdlog::warn("{}: {} entries were left out; the first: {}", list, unreadable, first_reason);
    if (unreadable == 0) unreadable_noted_ = false;
    co_return offers;
}

}  // namespace emeth::api_client
