#include "api_client/info_server_client.hpp"

#include <fmt/format.h>

#include <utility>

#include "api_client/offer_list.hpp"
#include "runtime/log.hpp"
#include "runtime/waiting.hpp"

namespace emeth::api_client {

namespace {

/// How a web server's error page begins, whatever its status says.
bool looks_like_html(std::string_view body) {
    const auto begin = body.find_first_not_of(" \t\r\n");
    return begin != std::string_view::npos && body[begin] == '<';
}

}  // namespace

Task<Result<std::vector<JobOffer>>> InfoServerClient::open_jobs() {
    http::ClientRequest request;
    request.url = base_url_.at(fmt::format("{}?status=0", jobs_path));
    request.response_bytes_max = offer_list_bytes_max;
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
    auto list = read_offer_list(response->body, offers_max);
    if (list.has_error()) co_return list.error();
    if (list->unreadable > 0 && !std::exchange(unreadable_noted_, true))
        spdlog::warn("{}: {} entries were left out; the first: {}", offer_list_name, list->unreadable,
                     list->first_reason);
    if (list->unreadable == 0) unreadable_noted_ = false;
    co_return std::move(list->offers);
}

}  // namespace emeth::api_client
