#include "soak/soak_run.hpp"

#include <fmt/format.h>

#include <utility>

#include "chain/amount.hpp"
#include "harness/live_display.hpp"
#include "harness/scratch_folder.hpp"
#include "network/devnet/devnet.hpp"
#include "network/devnet/free_port.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/race.hpp"
#include "runtime/shutdown.hpp"
#include "soak/soak.hpp"

namespace emeth::soak {

namespace {

Task<Result<void>> until_signal(Shutdown& shutdown) {
    co_await shutdown.wait();
    co_return permanent_error("ended by a signal before the soak was over");
}

/// The devnet's settings with the proxies in front; the Storage API's proxy is named there already.
std::string node_settings(const network::Devnet& devnet, const Proxies& proxies) {
    std::string settings = devnet.node_settings();
    for (const auto& [direct, proxied] : {std::pair{devnet.endpoint().origin(), proxies.endpoint.url()},
                                          std::pair{devnet.info_server().origin(), proxies.info_server.url()}})
        settings.replace(settings.find(direct), direct.size(), proxied);
    return settings;
}

Task<Result<void>> soak_on(SoakOptions options, network::Devnet& devnet, Proxies proxies,
                           harness::LiveDisplay& display) {
    const auto executor = co_await asio::this_coro::executor;
    TendedNode node(executor, options.data);
    if (auto prepared = node.prepare(node_settings(devnet, proxies)); prepared.has_error()) co_return prepared;
    const auto funded = co_await devnet.fund(node.address(), *chain::parse_coins("100"), *chain::parse_coins("100000"));
    if (funded.has_error()) co_return in_context("funding the node", funded.error());
    SoakReport report;
    report.minutes = options.minutes;
    report.seed = options.seed;
    Soak soak(executor, devnet, proxies, node, display, options.data, report);
    auto outcome = co_await soak.run();
    display.clear();
    fmt::print("{}", to_json_text(report));
    if (!options.report.empty())
        if (auto written = write_file_durably(options.report, to_json_text(report));
            written.has_error() && outcome.has_value())
            outcome = written;
    co_return outcome;
}

Task<Result<void>> keep_proxies(Proxies proxies) {
    TaskGroup group(co_await asio::this_coro::executor, proxies.all().size());
    for (CuttingProxy* proxy : proxies.all()) group.start(proxy->run());
    co_await group.join();
    co_return Result<void>{};
}

/// Whichever ends first ends the others.
Task<Result<void>> soak_while_serving(SoakOptions options, network::Devnet& devnet, Proxies proxies,
                                      harness::LiveDisplay& display, Shutdown& shutdown) {
    Task<Result<void>> soaking = soak_on(std::move(options), devnet, proxies, display);
    Task<Result<void>> serving = devnet.run();
    Task<Result<void>> proxying = keep_proxies(proxies);
    Task<Result<void>> signal = until_signal(shutdown);
    Task<Result<void>> network = race(std::move(serving), std::move(proxying));
    Task<Result<void>> story = race(std::move(soaking), std::move(network));
    co_return co_await race(std::move(story), std::move(signal));
}

}  // namespace

Task<Result<void>> run_soak(SoakOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    Shutdown shutdown(executor);
    options.data = std::filesystem::absolute(options.data);
    if (auto emptied = harness::empty_scratch_folder(options.data, "soak"); emptied.has_error()) co_return emptied;
    CuttingProxy endpoint(executor, options.seed + 2), info_server(executor, options.seed + 3),
        storage_api(executor, options.seed + 4);
    const Proxies proxies{endpoint, info_server, storage_api};
    for (CuttingProxy* proxy : proxies.all())
        if (auto listening = proxy->listen(); listening.has_error()) co_return listening;
    network::DevnetOptions network;
    network.folder = options.data / "net";
    network.anvil = options.anvil;
    const auto storage_port = network::free_port(executor);
    if (storage_port.has_error()) co_return storage_port.error();
    network.storage_port = *storage_port;
    network.storage_public_url = storage_api.url();
    auto devnet = co_await network::Devnet::start(std::move(network));
    if (devnet.has_error()) co_return in_context("devnet", devnet.error());
    endpoint.set_upstream((*devnet)->endpoint().port);
    info_server.set_upstream((*devnet)->info_server().port);
    storage_api.set_upstream(*storage_port);
    harness::LiveDisplay display;
    display.say(fmt::format("devnet is up behind cutting proxies; {} min with seed {}; logs: {}", options.minutes,
                            options.seed, options.data.string()));
    const auto outcome = co_await soak_while_serving(options, **devnet, proxies, display, shutdown);
    co_await (*devnet)->stop();
    co_return outcome;
}

}  // namespace emeth::soak
