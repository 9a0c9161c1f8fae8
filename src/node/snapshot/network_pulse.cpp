#include "node/snapshot/network_pulse.hpp"

#include <algorithm>
#include <utility>

namespace emeth::node {
namespace {

std::string trouble_of(const auto& result) {
    return result.has_error() ? result.error().message : std::string();
}

/// Of servers that are silent now.
void remember_answers(const NetworkStatus& before, NetworkStatus& now) {
    for (ServerStatus& server : now.servers) {
        const auto same = std::ranges::find(before.servers, server.name, &ServerStatus::name);
        if (!server.answered_at_unix_ms && same != before.servers.end())
            server.answered_at_unix_ms = same->answered_at_unix_ms;
    }
}

}  // namespace

Task<> NetworkPulse::run() {
    for (;;) {
        co_await ask();
        co_await services_.ports.clock.sleep(interval);
    }
}

Task<> NetworkPulse::ask() {
    NetworkStatus status;
    co_await ask_info_server(status);
    co_await ask_storage(status);
    // Last, so that the others' silence does not make its answer old; it is shown first.
    co_await ask_chain(status);
    std::ranges::rotate(status.servers, status.servers.end() - 1);
    status.asked_at_unix_ms = services_.ports.clock.unix_ms();
    if (latest_) remember_answers(*latest_, status);
    latest_ = std::move(status);
}

Task<> NetworkPulse::ask_chain(NetworkStatus& status) {
    chain::Chain& chain = services_.ports.chain;
    const Milliseconds began = services_.ports.clock.monotonic();
    const Result<chain::Block> head = co_await chain.latest_block();
    add_server(status, "chain", trouble_of(head), began);
    if (head.has_error()) co_return;
    status.head = *head;
    const Result<NodeView> view = co_await services_.prospector.view(std::nullopt);
    if (view.has_value()) {
        status.emt_free = view->emt_free;
        status.alt_free = view->alt_free;
        status.emt_needed = services_.prospector.smallest_deposit(*view);
        status.alt_needed = gas_money_of_a_job(*view);
        status.warnings = services_.prospector.standstill(*view);
    }
    const Result<std::uint64_t> slot = co_await chain.current_slot();
    if (slot.has_error()) co_return;
    const Result<chain::Slot> today = co_await chain.slot(*slot, services_.ports.sender.address());
    if (today.has_value()) status.today = *today;
}

void NetworkPulse::add_server(NetworkStatus& status, std::string name, std::string trouble, Milliseconds began) {
    const Clock& clock = services_.ports.clock;
    ServerStatus server{std::move(name), std::move(trouble), clock.monotonic() - began};
    if (server.trouble.empty()) server.answered_at_unix_ms = clock.unix_ms();
    status.servers.push_back(std::move(server));
}

Task<> NetworkPulse::ask_info_server(NetworkStatus& status) {
    if (services_.ports.info_server == nullptr) co_return;
    const Milliseconds began = services_.ports.clock.monotonic();
    const auto jobs = co_await services_.ports.info_server->open_jobs();
    add_server(status, "info server", trouble_of(jobs), began);
}

/// For a dataset that nobody has: that the server says so shows that it is there.
Task<> NetworkPulse::ask_storage(NetworkStatus& status) {
    const Milliseconds began = services_.ports.clock.monotonic();
    const Result<std::uint64_t> bytes = co_await services_.ports.artifacts.dataset_bytes("is-anybody-there");
    const bool answered = bytes.has_value() || bytes.error().kind == ErrorKind::permanent;
    add_server(status, "Storage API", answered ? std::string() : bytes.error().message, began);
}

}  // namespace emeth::node
