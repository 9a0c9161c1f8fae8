#include "node/master.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "node/admin/admin_api.hpp"
#include "node/admin/admin_socket.hpp"
#include "node/core/job_services.hpp"
#include "node/core/node_core.hpp"
#include "node/dashboard/dashboard.hpp"
#include "node/dashboard/token.hpp"
#include "node/data_folder.hpp"
#include "node/market/discovery.hpp"
#include "node/metrics/counting_job_store.hpp"
#include "node/metrics/monitoring.hpp"
#include "node/pipeline/crash_account.hpp"
#include "node/snapshot/network_pulse.hpp"
#include "node/snapshot/parting_words.hpp"
#include "node/workers/local_workers.hpp"
#include "node/workers/worker_server.hpp"
#include "runtime/cancellation.hpp"
#include "runtime/ip_address.hpp"
#include "runtime/log.hpp"
#include "runtime/processors.hpp"
#include "runtime/random.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/service_manager.hpp"
#include "runtime/shutdown.hpp"
#include "runtime/task_group.hpp"
#include "runtime/waiting.hpp"

namespace emeth::node {
namespace {

constexpr std::size_t services_max = 16;
constexpr std::size_t workers_max = 256;
constexpr std::size_t strangers_max = 256;  // and programs of this machine, at once
constexpr Milliseconds disk_poll_interval{5'000};
constexpr RetryPolicy start_retry{Milliseconds(1'000), 2, Milliseconds(60'000), 0.25};

Result<WorkerServerOptions> worker_options(const NodeConfig& config, bool has_local_workers) {
    auto workers = Whitelist::parse("worker_whitelist", config.worker_whitelist);
    if (workers.has_error()) return workers.error();
    auto admins = Whitelist::parse("jsonrpc_whitelist", config.jsonrpc_whitelist);
    if (admins.has_error()) return admins.error();
    if (workers->allows_everyone() && !is_loopback(config.listen_host))
        spdlog::warn(
            "worker_whitelist=* lets in every worker that reaches {}: a stranger's can cost deposits; name the "
            "workers' addresses instead",
            config.listen_host);
    if (workers->is_empty() && !has_local_workers)
        spdlog::warn(
            "no worker may connect: none is started here (--local-workers), and worker_whitelist names none; a "
            "worker logs its address when it starts");
    return WorkerServerOptions{std::move(*workers), std::move(*admins), workers_max,
                               OwnOrigins{config.listen_host, config.my_url}};
}

/// Everything that runs, in the order of its dependencies.
class Master {
public:
    Master(asio::any_io_executor executor, NodeCore& core, const chain::Constants& constants,
           WorkerServerOptions worker_options, std::shared_ptr<http::ServerCertificate> certificate, HangUp& hang_up,
           std::string dashboard_token, const LogRing& log, MasterOptions options)
        : core_(core),
          group_(executor, Supervisor::jobs_max + services_max),
          jobs_(core.store().jobs()),
          monitoring_({[this] { return admin_api_.snapshot(); }, jobs_, core.store(), core.rpc_tally(), core.pool(),
                       system_clock(), core.data, [this] { return services_.rewards.withdrawn(); }}),
          workers_(executor, core.key(), std::move(worker_options), system_clock(), system_random()),
          admin_listen_(admin_listener(core.config)),
          certificate_(std::move(certificate)),
          http_(executor, server_options(core.config, !admin_listen_, certificate_)),
          services_(executor, core.ports(jobs_), workers_, group_, core.config, constants, core.data),
          discovery_(DiscoveryPorts{services_.offers, services_.prospector, jobs_, core.store().notes(), core.pool(),
                                    system_clock(), system_random(), &core.network_clock()},
                     core.config.discovery_interval,
                     [this](statemachine::Job job) { services_.supervisor.take_on(std::move(job)); }),
          constants_(constants),
          network_pulse_(services_),
          admin_api_({services_, constants_, core.config, core.network_clock(), &discovery_, &network_pulse_, &log},
                     [this] { group_.cancel(); }),
          admin_(executor, admin_socket(core.data),
                 [this](std::string method, boost::json::object params) {
                     return admin_api_.handle(std::move(method), std::move(params));
                 }),
          dashboard_(executor,
                     {[this](std::string method, boost::json::object params) {
                          return admin_api_.handle(std::move(method), std::move(params));
                      },
                      [this](const Address& worker) { return workers_.disconnect_by_operator(worker); },
                      core.store().jobs(), core.pool(), system_clock(), log},
                     {[this](const std::string& peer_ip) { return workers_.is_admin(peer_ip); },
                      admin_listen_ ? admin_listen_->host : core.config.listen_host, std::move(dashboard_token)}),
          hang_up_(hang_up),
          options_(std::move(options)),
          executor_(std::move(executor)) {}

    Task<Result<void>> run(std::vector<statemachine::Job> active);

private:
    static http::ServerOptions server_options(const NodeConfig& config, bool has_dashboard,
                                              std::shared_ptr<http::ServerCertificate> certificate) {
        http::ServerOptions options;
        options.host = config.listen_host;
        options.port = config.worker_port;
        options.connections_max = strangers_max + (has_dashboard ? Dashboard::listeners_max : 0);
        options.kept_connections_max =
            workers_max + 64;  // a worker may dial again before its last connection has ended
        options.trusted_proxies = config.trusted_proxies;
        options.certificate = std::move(certificate);
        return options;
    }
    Result<void> listen();
    Result<void> listen_for_administration();
    void take_up(std::vector<statemachine::Job> active);
    void part();
    Result<void> reload();
    Result<void> listen_for_local_workers();
    Result<void> start_local_workers();

    NodeCore& core_;
    TaskGroup group_;
    CountingJobStore jobs_;
    Monitoring monitoring_;
    WorkerServer workers_;
    std::optional<ListenAddress> admin_listen_;
    std::shared_ptr<http::ServerCertificate> certificate_;  ///< null: plain HTTP
    http::Server http_;
    std::optional<http::Server> local_http_;  ///< for local workers, to whom no certificate is made out
    std::optional<http::Server> admin_http_;  ///< where admin_listen_ says
    JobServices services_;
    Discovery discovery_;
    chain::Constants constants_;
    NetworkPulse network_pulse_;
    AdminApi admin_api_;
    AdminServer admin_;
    Dashboard dashboard_;
    HangUp& hang_up_;
    MasterOptions options_;
    asio::any_io_executor executor_;
    std::unique_ptr<LocalWorkers> local_workers_;
};

Task<Result<void>> Master::run(std::vector<statemachine::Job> active) {
    if (const auto listening = listen(); listening.has_error()) co_return listening;
    end_telling_of_waiting();
    group_.start(core_.sender().run());
    group_.start(http_.run());
    if (admin_http_) group_.start(admin_http_->run());
    take_up(std::move(active));
    group_.start(admin_.run());
    group_.start(network_pulse_.run());
    group_.start(discovery_.run());
    group_.start(services_.rewards.run());
    group_.start(services_.income.run());
    group_.start(services_.track.run());
    group_.start(keep_service_manager_informed(system_clock()));
    group_.start(reload_on_hang_up(hang_up_, [this] { return reload(); }));
    const auto started = start_local_workers();
    if (started.has_error()) group_.cancel();
    try {
        co_await group_.join();
    } catch (...) {
        if (is_cancellation(std::current_exception())) part();
        throw;
    }
    part();
    co_return started;
}

/// All of it, or nothing if any setting is wrong.
Result<void> Master::reload() {
    if (!options_.read_settings) return permanent_error("this master was started without a way to read them");
    Result<ReadSettings> read = options_.read_settings();
    if (read.has_error()) return read.error();
    auto workers = worker_options(read->config, options_.local_workers > 0);
    if (workers.has_error()) return workers.error();
    if (certificate_)
        if (auto certified = certificate_->reload(); certified.has_error()) return certified;
    NodeConfig running = core_.config;
    take_over(reloaded_at_once(), running, read->config);
    services_.prospector.set_policy(running.selection);
    discovery_.forget_refusals();
    workers_.set_whitelists(std::move(workers->workers), std::move(workers->admins));
    set_log_level(running.log_level);
    tell_changes(options_.setting_texts, read->texts, keys_of(reloaded_at_once()));
    for (const auto& doubt : doubts(read->config)) spdlog::warn("{}", doubt);
    return {};
}

/// The pipelines have ended, and with them nothing durable was lost: what the operator must know is when to be back.
void Master::part() {
    std::vector<statemachine::Job> active;
    services_.supervisor.for_each([&](const statemachine::Job& job) { active.push_back(job); });
    SnapshotSources sources{.now_unix_ms = system_clock().unix_ms(),
                            .now = system_clock().monotonic(),
                            .wallet = core_.key().address(),
                            .constants = constants_,
                            .rules = core_.config.selection.rules,
                            .active = std::move(active),
                            .days = {},
                            .workers = services_.workers.workers(),
                            .progress = services_.progress,
                            .network = std::nullopt};
    spdlog::info("ending; {}", parting_words(make_snapshot(std::move(sources))));
}

Result<void> Master::listen() {
    workers_.add_session_route(http_, certificate_ ? "https" : "http");
    monitoring_.add_health_routes(http_);
    if (auto listening = listen_for_administration(); listening.has_error()) return listening;
    if (auto listening = http_.listen(); listening.has_error()) return in_context("worker_port", listening.error());
    if (auto listening = admin_.listen(); listening.has_error()) return listening;
    spdlog::info("wallet {}; workers dial port {}; dashboard {}/; data folder {}",
                 crypto::checksum_address(core_.key().address()), http_.port(),
                 admin_http_ ? admin_http_->url() : http_.url(), core_.data.string());
    return {};
}

Result<void> Master::listen_for_administration() {
    if (admin_listen_) {
        http::ServerOptions options;
        options.host = admin_listen_->host;
        options.port = admin_listen_->port;
        options.connections_max = strangers_max + Dashboard::listeners_max;
        options.trusted_proxies = core_.config.trusted_proxies;
        if (!is_loopback(options.host)) options.certificate = certificate_;
        admin_http_.emplace(executor_, options);
        monitoring_.add_health_routes(*admin_http_);
    }
    http::Server& server = admin_http_ ? *admin_http_ : http_;
    workers_.add_admin_routes(server, dashboard_.reader(), dashboard_.actor());
    monitoring_.add_metrics_route(server, dashboard_.reader());
    dashboard_.add_routes(server);
    if (!admin_http_) return {};
    const auto listening = admin_http_->listen();
    return listening.has_error() ? in_context("admin_listen", listening.error()) : listening;
}

/// Recovery is the normal start: leases first, so that no worker is handed out twice; then every JOB continues.
void Master::take_up(std::vector<statemachine::Job> active) {
    std::vector<JobId> ids;
    for (const auto& job : active) ids.push_back(job.terms.id);
    services_.supervisor.prepare(std::move(active));
    workers_.set_recovered(ids);
    if (!ids.empty()) spdlog::info("resuming {} active JOBs", ids.size());
    services_.supervisor.start_prepared("found active");
}

Result<void> Master::listen_for_local_workers() {
    http::ServerOptions options;
    options.kept_connections_max = workers_max;
    local_http_.emplace(executor_, std::move(options));
    workers_.add_session_route(*local_http_);
    if (auto listening = local_http_->listen(); listening.has_error()) return listening;
    group_.start(local_http_->run());
    return {};
}

Result<void> Master::start_local_workers() {
    if (options_.local_workers == 0) return {};
    http::Url url{"http", core_.config.listen_host, http_.port(), "/"};
    if (certificate_) {
        if (auto listening = listen_for_local_workers(); listening.has_error()) return listening;
        url = {"http", "127.0.0.1", local_http_->port(), "/"};
    }
    if (url.host == "0.0.0.0") url.host = "127.0.0.1";
    if (url.host == "::") url.host = "::1";
    auto settings = core_.config.worker_settings;
    settings.try_emplace(
        "threads", std::to_string(std::max(1U, processors() / options_.local_workers)));  // they share the machine
    local_workers_ = std::make_unique<LocalWorkers>(
        LocalWorkersPorts{executor_, system_clock(), system_random()},
        LocalWorkersOptions{options_.local_workers, std::filesystem::absolute(core_.data), url.origin(),
                            core_.key().address(), std::move(settings)});
    const auto addresses = local_workers_->prepare();
    if (addresses.has_error()) return addresses.error();
    for (const Address& worker : *addresses) workers_.allow(worker);
    group_.start(local_workers_->run());
    return {};
}

/// Without a token the dashboard can be looked at only: no reason to leave the JOBs alone.
std::string token_of(const std::filesystem::path& data) {
    const Result<std::string> token = load_or_make_token(dashboard_token(data), system_random());
    if (token.has_value()) return *token;
    spdlog::warn("nobody may act on the dashboard: {}", token.error().message);
    return {};
}

/// Wrong settings abort the start; an endpoint that is down aborts it only if no deposit depends on it.
Task<Result<chain::Constants>> connect(NodeCore& core, bool has_active_jobs) {
    for (std::uint32_t attempt = 1;; ++attempt) {
        const Result<chain::Constants> constants = co_await core.check_network();
        if (constants.has_value()) {
            const auto remembered = co_await core.remember_network(*constants);
            if (remembered.has_error()) co_return remembered.error();
            co_return constants;
        }
        if (constants.error().kind == ErrorKind::permanent) co_return constants;
        if (!has_active_jobs)
            co_return transient_error(constants.error().message + "; check `endpoint`, or start again when it is up");
        const auto known = co_await core.recall_network();
        if (known.has_value()) {
            spdlog::warn("the chain cannot be reached: {}; continuing with what is known of the contract",
                         constants.error().message);
            co_return known;
        }
        const auto wait = backoff(attempt, start_retry, system_random().unit());
        spdlog::warn("the chain cannot be reached: {}; {}; JOBs wait, next try in {} ms", constants.error().message,
                     known.error().message, wait.count());
        co_await system_clock().sleep(wait);
    }
}

Task<Result<std::vector<statemachine::Job>>> read_active(NodeCore& core) {
    auto read = [&core] { return core.store().jobs().active(); };
    co_return co_await core.pool().run(std::move(read));
}

/// Before any JOB runs, a crash that the last process caused itself is attributed to the JOB that it was working on. If
/// the store cannot write now, a later start does it.
Task<> settle_crash(NodeCore& core, crash::Marker& marker) {
    if (!marker.left_behind()) co_return;
    const Result<chain::Block> latest = co_await core.chain().latest_block();
    const std::int64_t now_unix_ms = system_clock().unix_ms();
    const std::int64_t chain_now_unix_s = latest.has_value() ? latest->timestamp_unix_s : now_unix_ms / 1'000;
    auto count = [&core, &marker, now_unix_ms, chain_now_unix_s] {
        const auto counted = count_crash(core.store().jobs(), *marker.left_behind(), now_unix_ms, chain_now_unix_s);
        return counted.has_error() ? counted : marker.clear();
    };
    const Result<void> settled = co_await core.pool().run(std::move(count));
    if (settled.has_error())
        spdlog::warn("the crash of the last process cannot be counted before the next start: {}",
                     settled.error().message);
}

/// A full disk is waited for: the JOBs in the store may hold deposits, and ending would not help them.
Task<> wait_for_room(std::filesystem::path data) {
    for (bool said = false;; said = true) {
        const auto room = storage::NodeStore::check_room(store_folder(data));
        if (room.has_value()) co_return;
        if (!said) spdlog::error("{}; waiting for space", room.error().message);
        co_await system_clock().sleep(disk_poll_interval);
    }
}

}  // namespace

Task<Result<void>> run_master(asio::any_io_executor executor, NodeConfig config, crypto::PrivateKey key,
                              MasterOptions options) {
    HangUp hang_up(executor);  // from now on SIGHUP ends nothing
    const LogRing log;
    auto hub_options = worker_options(config, options.local_workers > 0);
    if (hub_options.has_error()) co_return hub_options.error();
    http::ServerOptions listener;
    if (auto applied = http::apply(config, listener); applied.has_error()) co_return applied;
    // Local workers keep the dataset, token file, checkpoints and artifact on this disk; a helper keeps the dataset and
    // token file.
    if (options.local_workers > 0)
        config.selection.disk_bytes_per_dataset_byte =
            4 + (config.selection.cooperative ? 2 * (options.local_workers - 1) : 0);
    co_await wait_for_room(options.data);
    auto core = NodeCore::open(executor, std::move(config), std::move(key), options.data);
    if (core.has_error()) co_return core.error();
    NodeCore& node = **core;
    auto marker = crash::Marker::open(crash_marker(node.data));
    if (marker.has_error()) co_return marker.error();
    Result<std::vector<statemachine::Job>> active = co_await read_active(node);
    if (active.has_error()) co_return active.error();
    const auto constants = co_await connect(node, !active->empty());
    if (constants.has_error()) co_return constants.error();
    const auto funds = co_await node.check_funds(*constants);
    if (funds.has_error() && active->empty()) co_return funds.error();
    if (funds.has_error()) spdlog::warn("{}; until then no JOB is accepted", funds.error().message);
    const auto wallet_use = co_await node.check_wallet_use();
    if (wallet_use.has_error()) spdlog::warn("{}", wallet_use.error().message);
    if (wallet_use.has_value() && *wallet_use) spdlog::warn("{}", **wallet_use);
    co_await settle_crash(node, *marker);
    active = co_await read_active(node);
    if (active.has_error()) co_return active.error();
    marker->arm();
    Master master(std::move(executor), node, *constants, std::move(*hub_options), listener.certificate, hang_up,
                  token_of(node.data), log, std::move(options));
    co_return co_await master.run(std::move(*active));
}

}  // namespace emeth::node
