#include "node/snapshot/network_pulse.hpp"

#include <utility>

namespace emeth::node {
namespace {

std::string trouble_of(const auto& result) {
    return result.has_error() ? result.error().message : std::string();
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
    co_await ask_chain(status);
    co_await ask_info_server(status);
    status.asked_at_unix_ms = services_.ports.clock.unix_ms();
    latest_ = std::move(status);
}

Task<> NetworkPulse::ask_chain(NetworkStatus& status) {
    chain::Chain& chain = services_.ports.chain;
    const Milliseconds began = services_.ports.clock.monotonic();
    const Result<chain::Block> head = co_await chain.latest_block();
    status.servers.push_back({"chain", trouble_of(head), services_.ports.clock.monotonic() - began});
    if (head.has_error()) co_return;
    status.head = *head;
    const Result<NodeView> view = co_await services_.prospector.view(std::nullopt);
    if (view.has_value()) {
        status.emt_free = view->emt_free;
        status.alt_free = view->alt_free;
        status.warnings = services_.prospector.standstill(*view);
    }
    const Result<std::uint64_t> slot = co_await chain.current_slot();
    if (slot.has_error()) co_return;
    const Result<chain::Slot> today = co_await chain.slot(*slot, services_.ports.sender.address());
    if (today.has_value()) status.today = *today;
}

Task<> NetworkPulse::ask_info_server(NetworkStatus& status) {
    const Milliseconds began = services_.ports.clock.monotonic();
    const auto jobs = co_await services_.ports.info_server.open_jobs();
    status.servers.push_back({"info server", trouble_of(jobs), services_.ports.clock.monotonic() - began});
}

}  // namespace emeth::node
