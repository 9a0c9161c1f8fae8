#include "network/server_page.hpp"

#include <boost/json/array.hpp>
#include <utility>

#include "http/foreign_page.hpp"
#include "web/assets.hpp"
#include "web/page_routes.hpp"

namespace emeth::network {

boost::json::object server_json(std::string_view name, const std::vector<std::string>& why_not_ready) {
    boost::json::object json{{"name", name}, {"ready", why_not_ready.empty()}};
    if (!why_not_ready.empty()) json["reasons"] = boost::json::array(why_not_ready.begin(), why_not_ready.end());
    return json;
}

void add_network_page(http::Server& server, web::SnapshotFeed& feed, const http::Admission& admission) {
    web::add_files(server, web::network_files(), admission);
    feed.add_routes(server, network_path, admission);
}

ServerPage::ServerPage(const asio::any_io_executor& executor, std::string name, http::WhyNotReady why_not_ready,
                       Clock& clock)
    : name_(std::move(name)),
      why_not_ready_(std::move(why_not_ready)),
      clock_(clock),
      feed_(executor, [this] { return look(); }, clock) {}

void ServerPage::add_routes(http::Server& server) {
    add_network_page(server, feed_, http::refuse_foreign_page);
}

Task<Result<boost::json::value>> ServerPage::look() {
    auto asking = why_not_ready_();
    const std::vector<std::string> reasons = co_await std::move(asking);
    boost::json::array servers;
    servers.emplace_back(server_json(name_, reasons));
    boost::json::object json{{"at", clock_.unix_ms() / 1'000}, {"servers", std::move(servers)}};
    co_return boost::json::value(std::move(json));
}

}  // namespace emeth::network
