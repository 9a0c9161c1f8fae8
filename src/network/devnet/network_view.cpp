#include "network/devnet/network_view.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "network/server_page.hpp"

namespace emeth::network {
namespace {

using boost::json::array;
using boost::json::object;

object server_at(std::string_view name, const std::vector<std::string>& why_not_ready, const std::string& url) {
    object server = server_json(name, why_not_ready);
    server["url"] = url;
    return server;
}

object count_json(const std::map<chain::JobStatus, std::size_t>& counts) {
    object json;
    for (const auto& [status, count] : counts) json[std::to_string(static_cast<unsigned>(status))] = count;
    return json;
}

object chain_json(const NetworkNames& names, const Result<chain::Block>& block) {
    object json{{"id", names.chain_id}, {"core", names.core.hex()}, {"token", names.token.hex()}};
    if (block.has_error()) return json;
    json["block"] = block->number;
    json["blockTime"] = block->timestamp_unix_s;
    return json;
}

/// Without what requesters may make as long as the chain lets them: it would be sent each second.
array without_long_texts(array jobs) {
    for (auto& job : jobs)
        for (const char* key : {"param", "datasetPath"}) job.get_object().erase(key);
    return jobs;
}

}  // namespace

Task<array> NetworkView::look_at_servers(bool chain_answers) {
    std::vector<std::string> chain;
    if (!chain_answers) chain.emplace_back("the chain does not answer");
    const auto info = co_await parts_.info_server.why_not_ready();
    const auto storage = co_await parts_.storage_api.why_not_ready();
    const auto verifier = co_await parts_.verifier.why_not_ready();
    array servers;
    servers.emplace_back(server_at("chain", chain, names_.endpoint));
    servers.emplace_back(server_at("job_info_server", info, names_.info_url));
    servers.emplace_back(server_at("storage_api", storage, names_.storage_url));
    servers.emplace_back(server_json("verifier", verifier));
    co_return servers;
}

Task<object> NetworkView::storage_json() {
    const Milliseconds now = parts_.clock.monotonic();
    if (!storage_ || now - storage_counted_at_ >= storage_age_max) {
        storage_ = co_await parts_.storage_api.summary();
        storage_counted_at_ = now;
    }
    co_return to_json(*storage_);
}

Task<Result<boost::json::value>> NetworkView::look() {
    const Result<chain::Block> block = co_await parts_.chain.latest_block();
    array servers = co_await look_at_servers(block.has_value());
    object storage = co_await storage_json();
    object verifier = to_json(parts_.verifier.view());
    verifier["address"] = names_.verifier.hex();
    object json{{"at", parts_.clock.unix_ms() / 1'000},
                {"servers", std::move(servers)},
                {"chain", chain_json(names_, block)},
                {"jobs", without_long_texts(parts_.info_server.newest(std::nullopt, jobs_max))},
                {"jobsByStatus", count_json(parts_.info_server.count_by_status())},
                {"verifier", std::move(verifier)},
                {"storage", std::move(storage)}};
    co_return boost::json::value(std::move(json));
}

}  // namespace emeth::network
