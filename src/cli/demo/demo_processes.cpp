#include "cli/demo/demo_processes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "crypto/key_file.hpp"
#include "harness/emeth_process.hpp"
#include "network/devnet/free_port.hpp"
#include "runtime/clock.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/random.hpp"

namespace emeth::cli {

namespace {

constexpr int stop_grace_ms = 5'000;

}  // namespace

DemoProcesses::DemoProcesses(asio::any_io_executor executor, std::filesystem::path folder, std::size_t workers)
    : executor_(std::move(executor)),
      folder_(std::move(folder)),
      master_{"master", folder_ / "master.log", std::nullopt} {
    for (std::size_t index = 0; index < workers; ++index)
        workers_.push_back(
            {fmt::format("worker {}", index + 1), folder_ / fmt::format("worker-{}.log", index + 1), std::nullopt});
}

std::filesystem::path DemoProcesses::worker_folder(std::size_t index) const {
    return folder_ / fmt::format("worker-{}", index + 1);
}

Result<void> DemoProcesses::prepare(const std::string& network_settings) {
    const auto key_path = folder_ / "node.key";
    auto key = crypto::load_or_generate_key_file(key_path, system_random());
    if (key.has_error()) return key.error();
    node_address_ = key->address();
    const auto port = network::free_port(executor_);
    if (port.has_error()) return port.error();
    dashboard_ = fmt::format("http://127.0.0.1:{}/", *port);

    std::string whitelist;
    for (std::size_t index = 0; index < workers_.size(); ++index) {
        if (auto made = create_folder(worker_folder(index), 0700); made.has_error()) return made;
        auto worker_key = crypto::load_or_generate_key_file(worker_folder(index) / "worker.key", system_random());
        if (worker_key.has_error()) return worker_key.error();
        worker_addresses_.push_back(worker_key->address());
        whitelist += (whitelist.empty() ? "" : ",") + worker_key->address().hex();
    }

    // Two workers of one thread each fill two cores. The fees of the demo's JOBs reach 34 EMT, above the published
    // default of max_fee.
    const auto master =
        network_settings +
        fmt::format("privateKey_file={}\nworker_port={}\nworker_whitelist={}\nmax_fee=100000000000000000000\n",
                    key_path.string(), *port, whitelist);
    if (auto written = write_file_durably(master_settings(), master, 0600); written.has_error()) return written;
    const auto worker = fmt::format("master_node_url=http://127.0.0.1:{}\nmaster_address={}\nthreads=1\ndevice=cpu\n",
                                    *port, node_address_.hex());
    if (auto written = write_file_durably(folder_ / "worker.env", worker, 0600); written.has_error()) return written;
    return {};
}

Result<void> DemoProcesses::start(Process& process, std::vector<std::string> arguments) {
    auto child = harness::start_emeth(executor_, std::move(arguments), process.log);
    if (child.has_error()) return in_context("cannot start the " + process.name, child.error());
    process.child.emplace(std::move(*child));
    return {};
}

Result<void> DemoProcesses::start_master() {
    return start(master_, {"master", "--config", master_settings().string(), "--data", master_folder().string()});
}

Result<void> DemoProcesses::start_worker(std::size_t index) {
    return start(workers_.at(index),
                 {"worker", "--config", (folder_ / "worker.env").string(), "--data", worker_folder(index).string()});
}

Task<> DemoProcesses::kill(Process& process) {
    if (!process.child) co_return;
    process.child->signal(SIGKILL);
    kills_.push_back({process.name, system_clock().unix_ms()});
    co_await process.child->wait();
    process.child.reset();
}

Task<> DemoProcesses::kill_master() {
    return kill(master_);
}

Task<> DemoProcesses::kill_worker(std::size_t index) {
    return kill(workers_.at(index));
}

Task<> DemoProcesses::stop_all() {
    for (auto& worker : workers_)
        if (worker.child) co_await worker.child->stop(SIGTERM, stop_grace_ms);
    if (master_.child) co_await master_.child->stop(SIGTERM, stop_grace_ms);
}

std::optional<std::string> DemoProcesses::unexpected_end() const {
    const auto describe = [](const Process& process) {
        return fmt::format("the {} ended by itself; its last words: {}", process.name, harness::last_line(process.log));
    };
    if (master_.child && !master_.child->running()) return describe(master_);
    for (const auto& worker : workers_)
        if (worker.child && !worker.child->running()) return describe(worker);
    return std::nullopt;
}

std::optional<std::size_t> DemoProcesses::worker_with(const Address& address) const {
    const auto found = std::find(worker_addresses_.begin(), worker_addresses_.end(), address);
    if (found == worker_addresses_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - worker_addresses_.begin());
}

}  // namespace emeth::cli
