#include "node/metrics/monitoring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/foreign_page.hpp"
#include "http/forwarded.hpp"
#include "http/health_routes.hpp"
#include "node/metrics/node_metrics.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/process_metrics.hpp"

namespace emeth::node {
namespace {

std::optional<std::int64_t> chain_answered_at(const std::optional<NetworkStatus>& network) {
    if (!network) return std::nullopt;
    const auto chain = std::ranges::find(network->servers, "chain", &ServerStatus::name);
    return chain == network->servers.end() ? std::nullopt : chain->answered_at_unix_ms;
}

/// What blocks, read together.
struct StoreView {
    Result<void> writable;
    Result<std::vector<storage::OutboxEntry>> outbox;
    Result<std::uint64_t> disk_free_bytes;
};

template <class Value>
std::optional<Value> known(Result<Value> result) {
    return result.has_value() ? std::optional(std::move(*result)) : std::nullopt;
}

}  // namespace

std::vector<std::string> why_not_ready(const Result<void>& store, const std::optional<NetworkStatus>& network,
                                       std::int64_t now_unix_ms) {
    std::vector<std::string> reasons;
    if (store.has_error()) reasons.emplace_back("the store cannot be written");
    const auto answered = chain_answered_at(network);
    if (!answered)
        reasons.emplace_back("the chain has not answered yet");
    else if (now_unix_ms - *answered > chain_silence_max_ms)
        reasons.push_back(fmt::format("the chain has not answered for {} s", (now_unix_ms - *answered) / 1'000));
    return reasons;
}

void Monitoring::add_health_routes(http::Server& server) {
    http::add_health_routes(server, [this] { return not_ready(); }, http::refuse_foreign_page);
}

void Monitoring::add_metrics_route(http::Server& server, http::Admission reader) {
    server.route("GET", "/metrics", 0,
                 http::admitted(std::move(reader), [this](http::ServerRequest) { return answer_metrics(); }));
}

Task<http::Answer> Monitoring::answer_metrics() {
    http::ServerResponse response;
    response.content_type = Exposition::content_type;
    response.body = co_await brief_.get();
    co_return response;
}

Task<std::vector<std::string>> Monitoring::not_ready() {
    auto check = [this] { return ports_.store.check_writable(); };
    const Result<void> writable = co_await ports_.pool.run(std::move(check));
    const Result<Snapshot> snapshot = co_await ports_.snapshot();
    if (snapshot.has_error()) co_return std::vector<std::string>{"the store cannot be read"};
    co_return why_not_ready(writable, snapshot->network, ports_.clock.unix_ms());
}

Task<std::string> Monitoring::metrics() {
    Result<Snapshot> snapshot = co_await ports_.snapshot();
    auto read = [this] {
        return StoreView{ports_.store.check_writable(), ports_.store.outbox().pending(), free_bytes(ports_.data)};
    };
    StoreView store = co_await ports_.pool.run(std::move(read));
    MetricsSources sources{known(std::move(snapshot)),
                           known(std::move(store.outbox)),
                           known(std::move(store.disk_free_bytes)),
                           ports_.jobs.tally(),
                           ports_.rpc,
                           ports_.store.write_counts()};
    sources.slot_rewards = ports_.slot_rewards();
    sources.is_ready =
        sources.snapshot && why_not_ready(store.writable, sources.snapshot->network, ports_.clock.unix_ms()).empty();
    Exposition out;
    add_node_metrics(out, sources);
    add_process_metrics(out);
    co_return out.text();
}

}  // namespace emeth::node
