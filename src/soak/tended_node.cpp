#include "soak/tended_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <utility>

#include "crypto/key_file.hpp"
#include "harness/emeth_process.hpp"
#include "network/devnet/free_port.hpp"
#include "node/data_folder.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"

namespace emeth::soak {

namespace {

constexpr Milliseconds restart_pause{1'000};
constexpr Milliseconds death_of_children{5'000};
constexpr Milliseconds stop_grace{10'000};
constexpr Milliseconds stop_poll{100};
constexpr std::array crash_names{"(SIGABRT)", "(SIGSEGV)", "(SIGBUS)", "(SIGFPE)", "(SIGILL)"};

constexpr const char* node_settings =
    "max_fee=100000000000000000000\nthreads=1\ndevice=cpu\ndeadline_margin_s=60\npoll_interval_ms=500\n"
    "discovery_interval_ms=1000\n";

enum class Kind : std::uint8_t { master, worker, trainer };

std::uint64_t crashes_in(const std::filesystem::path& log) {
    std::ifstream stream(log);
    std::uint64_t crashes = 0;
    for (std::string line; std::getline(stream, line);)
        crashes += std::any_of(crash_names.begin(), crash_names.end(),
                               [&](const char* name) { return line.find(name) != std::string::npos; })
                       ? 1
                       : 0;
    return crashes;
}

}  // namespace

TendedNode::TendedNode(asio::any_io_executor executor, std::filesystem::path folder)
    : executor_(std::move(executor)), folder_(std::move(folder)) {}

Result<void> TendedNode::prepare(const std::string& network_settings) {
    const auto key_path = folder_ / "node.key";
    const auto key = crypto::load_or_generate_key_file(key_path, system_random());
    if (key.has_error()) return key.error();
    address_ = key->address();
    const auto port = network::free_port(executor_);
    if (port.has_error()) return port.error();
    const auto settings = network_settings + node_settings +
                          fmt::format("privateKey_file={}\nworker_port={}\n", key_path.string(), *port);
    return write_file_durably(folder_ / "master.env", settings, 0600);
}

Task<> TendedNode::keep_running() {
    while (!stopping_) {
        auto child = harness::start_emeth(executor_,
                                          {"master", "--config", (folder_ / "master.env").string(), "--data",
                                           data().string(), "--local-workers", std::to_string(local_workers)},
                                          folder_ / "master.log");
        if (child.has_error()) {
            spdlog::error("{}", child.error().message);
        } else {
            master_.emplace(std::move(*child));
            ended_ = false;
            started_at_ = system_clock().monotonic();
            lives_.emplace_back();
            const ChildEnd end = co_await master_->wait();
            ended_ = true;
            if (end.signal != 0 && end.signal != SIGKILL && end.signal != SIGTERM) ++master_crashes_;
        }
        if (!stopping_) co_await system_clock().sleep(restart_pause);
    }
    finished_ = true;
}

Task<> TendedNode::stop() {
    stopping_ = true;
    const auto begun = system_clock().monotonic();
    if (master_lives()) master_->signal(SIGTERM);
    while (!finished_) {
        if (master_lives() && system_clock().monotonic() - begun > stop_grace) master_->signal(SIGKILL);
        co_await system_clock().sleep(stop_poll);
    }
    const auto limit = system_clock().monotonic() + death_of_children;
    while (!strays().empty() && system_clock().monotonic() < limit) co_await system_clock().sleep(stop_poll);
    for (const auto& process : strays()) note_orphan(process);
}

std::optional<std::string> TendedNode::kill_one(std::mt19937_64& random) {
    if (!master_lives()) return std::nullopt;
    const auto below = descendants(living_processes(), master_->pid());
    std::array kinds{Kind::master, Kind::worker, Kind::trainer};
    std::shuffle(kinds.begin(), kinds.end(), random);
    for (const Kind kind : kinds) {
        if (kind == Kind::master) {
            master_->signal(SIGKILL);
            ++kills_;
            return "the master";
        }
        const std::string program = kind == Kind::worker ? "emeth" : "emeth-trainer";
        std::vector<ProcessInfo> candidates;
        std::copy_if(below.begin(), below.end(), std::back_inserter(candidates),
                     [&](const auto& process) { return process.program == program; });
        if (candidates.empty()) continue;
        const auto& victim = candidates[std::uniform_int_distribution<std::size_t>(0, candidates.size() - 1)(random)];
        if (::kill(victim.key.pid, SIGKILL) != 0) continue;
        ++kills_;
        return fmt::format("{} (process {})", kind == Kind::worker ? "a worker" : "a trainer", victim.key.pid);
    }
    return std::nullopt;
}

std::vector<ProcessInfo> TendedNode::strays() const {
    const auto living = living_processes();
    std::set<ProcessKey> kept;
    if (master_lives())
        for (const auto& process : descendants(living, master_->pid())) kept.insert(process.key);
    auto found = working_in(living, data());
    std::erase_if(found, [&](const ProcessInfo& process) {
        return kept.contains(process.key) || (master_lives() && process.key.pid == master_->pid());
    });
    return found;
}

void TendedNode::note_orphan(const ProcessInfo& process) {
    if (!orphans_.insert(process.key).second) return;
    spdlog::error("orphan: process {} of parent {}: {}", process.key.pid, process.parent, process.arguments);
}

void TendedNode::look() {
    const auto now = system_clock().monotonic();
    std::map<ProcessKey, Milliseconds> since;
    for (const auto& process : strays()) {
        const auto known = stray_since_.find(process.key);
        since[process.key] = known == stray_since_.end() ? now : known->second;
        if (now - since[process.key] >= death_of_children) note_orphan(process);
    }
    stray_since_ = std::move(since);
    if (!master_lives()) return;
    if (const auto rss = rss_bytes_of(master_->pid()); rss > 0) lives_.back().push_back({now - started_at_, rss});
}

std::uint64_t TendedNode::crashes() const {
    std::uint64_t crashes = master_crashes_ + crashes_in(folder_ / "master.log");
    for (unsigned number = 1; number <= local_workers; ++number)
        crashes += crashes_in(node::local_worker_folder(data(), number) / "worker.log");
    return crashes;
}

double TendedNode::rss_growth_mb() const {
    double most = 0;
    for (const auto& life : lives_) most = std::max(most, growth_mib(life));
    return most;
}

}  // namespace emeth::soak
