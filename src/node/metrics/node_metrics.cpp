#include "node/metrics/node_metrics.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "chain/amount.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

std::string text_of(sm::State state) {
    return std::string(sm::name(state));
}

std::optional<double> coins(const std::optional<Wei>& amount) {
    return amount ? std::optional(chain::approximate_coins(*amount)) : std::nullopt;
}

double seconds(Milliseconds time) {
    return static_cast<double>(time.count()) / 1'000;
}

std::optional<double> seconds(std::optional<std::int64_t> unix_ms) {
    return unix_ms ? std::optional(static_cast<double>(*unix_ms) / 1'000) : std::nullopt;
}

/// How a worker stands with its master.
std::string_view standing_of(const WorkerInfo& worker) {
    if (!worker.connected) return "away";
    if (!worker.fitness) return "unproved";
    if (why_unfit(worker.fitness, "")) return "unfit";
    if (worker.job) return "working";
    if (worker.rest > Milliseconds::zero()) return "resting";
    return worker.helps ? "helping" : "idle";
}

void add_workers(Exposition& out, const std::optional<Snapshot>& snapshot) {
    auto workers = out.gauge("emeth_workers",
                             "Workers: away, unproved (not tested yet), unfit, working, resting (after failures), "
                             "helping, idle.");
    if (!snapshot) return;
    for (const std::string_view standing : {"away", "unproved", "unfit", "working", "resting", "helping", "idle"})
        workers.sample(std::ranges::count(snapshot->workers, standing, standing_of),
                       {{"standing", std::string(standing)}});
}

void add_money(Exposition& out, const MetricsSources& sources) {
    const std::optional<Snapshot>& snapshot = sources.snapshot;
    std::optional<Wei> locked, at_risk;
    NetworkStatus network;
    if (snapshot) {
        locked = snapshot->locked;
        at_risk = snapshot->at_risk;
        network = snapshot->network.value_or(NetworkStatus{});
    }
    out.gauge("emeth_locked_emt", "EMT in deposits.").sample(coins(locked));
    out.gauge("emeth_at_risk_emt", "What of it missed deadlines and rejections would cost.").sample(coins(at_risk));
    out.counter("emeth_earned_emt_total",
                "EMT earned: fees that verdicts paid beyond the deposits, rewards of slots that were withdrawn.")
        .sample(sources.jobs.earned_emt, {{"kind", "fee"}})
        .sample(chain::approximate_coins(sources.slot_rewards), {{"kind", "reward"}});
    out.counter("emeth_lost_emt_total", "EMT of deposits that were lost.").sample(sources.jobs.lost_emt);
    out.gauge("emeth_wallet_free_emt", "EMT that the wallet can spend.").sample(coins(network.emt_free));
    out.gauge("emeth_wallet_free_alt", "ALT that the wallet can spend.").sample(coins(network.alt_free));
    out.gauge("emeth_wallet_needed_emt", "EMT for the smallest deposit (of min_fee).")
        .sample(coins(network.emt_needed));
    out.gauge("emeth_wallet_needed_alt", "ALT for the gas of one more JOB.").sample(coins(network.alt_needed));
    auto own = out.gauge("emeth_slot_own_gas", "Gas of this node that was verified today (UTC).");
    if (network.today) own.sample(network.today->own_gas);
    auto total = out.gauge("emeth_slot_gas", "Gas of all nodes that was verified today (UTC).");
    if (network.today) total.sample(network.today->total_gas);
}

/// Every transition that the table has: a rate over one that never happened is 0, and the first one is not overlooked.
std::map<JobTally::Change, std::uint64_t> transitions_of(const JobTally& tally) {
    std::map<JobTally::Change, std::uint64_t> all = tally.transitions;
    for (const sm::TableRow& row : sm::table())
        for (const sm::State to : row.to)
            if (to != row.from) all.try_emplace({row.from, to}, 0);
    return all;
}

std::uint64_t count_of(const std::map<sm::FailureClass, std::uint64_t>& failures, sm::FailureClass kind) {
    const auto found = failures.find(kind);
    return found == failures.end() ? 0 : found->second;
}

void add_tally(Exposition& out, const JobTally& tally) {
    out.counter("emeth_jobs_discovered_total", "JOBs that were chosen.").sample(tally.discovered);
    auto transitions = out.counter("emeth_job_transitions_total", "Changes of a JOB's state.");
    for (const auto& [change, count] : transitions_of(tally))
        transitions.sample(count, {{"from", text_of(change.first)}, {"to", text_of(change.second)}});
    auto stays = out.histogram("emeth_job_state_seconds", "How long a JOB was in the state that it left.");
    for (const auto& [state, histogram] : tally.stays_s) stays.sample(histogram, {{"state", text_of(state)}});
    out.counter("emeth_step_failures_total", "Steps of JOBs that failed; transient ones are retried.")
        .sample(count_of(tally.failures, sm::FailureClass::transient), {{"class", "transient"}})
        .sample(count_of(tally.failures, sm::FailureClass::permanent), {{"class", "permanent"}})
        .sample(count_of(tally.failures, sm::FailureClass::bug), {{"class", "bug"}});
    out.counter("emeth_transfer_bytes_total", "Bytes of files that workers have fetched or delivered completely.")
        .sample(tally.dataset_bytes, {{"file", "dataset"}})
        .sample(tally.artifact_bytes, {{"file", "artifact"}})
        .sample(tally.evidence_bytes, {{"file", "evidence"}});
}

/// One sample per active JOB.
void add_job_gauge(Exposition& out, std::string_view name, std::string_view help, const std::vector<JobSnapshot>& jobs,
                   const std::function<std::optional<double>(const JobSnapshot&)>& value) {
    auto family = out.gauge(name, help);
    for (const JobSnapshot& job : jobs) family.sample(value(job), {{"id", job.id.hex()}});
}

/// The same, of what its worker reports; `is_known` says whether this report has it.
void add_progress_gauge(Exposition& out, std::string_view name, std::string_view help,
                        const std::vector<JobSnapshot>& jobs, bool (*is_known)(const worker_protocol::Progress&),
                        double (*value)(const worker_protocol::Progress&)) {
    add_job_gauge(out, name, help, jobs, [&](const JobSnapshot& job) {
        return job.progress && is_known(*job.progress) ? std::optional(value(*job.progress)) : std::nullopt;
    });
}

void add_progress(Exposition& out, const std::vector<JobSnapshot>& jobs) {
    using Progress = worker_protocol::Progress;
    const auto counts_steps = [](const Progress& report) { return report.steps_total > 0; };
    const auto counts_bytes = [](const Progress& report) { return report.bytes_total > 0; };
    const auto has_speed = [](const Progress& report) { return report.tokens_per_s > 0; };
    add_progress_gauge(out, "emeth_job_steps", "Steps that are trained.", jobs, counts_steps,
                       [](const Progress& report) { return static_cast<double>(report.step); });
    add_progress_gauge(out, "emeth_job_steps_planned", "Steps that it has in all.", jobs, counts_steps,
                       [](const Progress& report) { return static_cast<double>(report.steps_total); });
    add_progress_gauge(out, "emeth_job_tokens_per_second", "Speed of its training.", jobs, has_speed,
                       [](const Progress& report) { return report.tokens_per_s; });
    add_progress_gauge(out, "emeth_job_transfer_bytes", "Bytes that are through of the file in transfer.", jobs,
                       counts_bytes, [](const Progress& report) { return static_cast<double>(report.bytes); });
    add_progress_gauge(out, "emeth_job_transfer_size_bytes", "Size of that file.", jobs, counts_bytes,
                       [](const Progress& report) { return static_cast<double>(report.bytes_total); });
}

void add_jobs(Exposition& out, const std::optional<Snapshot>& snapshot, const JobTally& tally) {
    static const std::vector<JobSnapshot> none;
    const std::vector<JobSnapshot>& jobs = snapshot ? snapshot->jobs : none;
    auto by_state = out.gauge("emeth_jobs", "Active JOBs.");
    for (const sm::State state : sm::all_states)
        if (snapshot && !sm::is_end(state))
            by_state.sample(std::ranges::count(jobs, state, &JobSnapshot::state), {{"state", text_of(state)}});
    auto info = out.gauge("emeth_job_info", "State and worker of an active JOB; always 1.");
    for (const JobSnapshot& job : jobs)
        info.sample(1, {{"id", job.id.hex()},
                        {"state", text_of(job.state)},
                        {"worker", job.worker ? job.worker->hex() : std::string()}});
    add_job_gauge(out, "emeth_job_deposit_emt", "EMT that it has locked.", jobs,
                  [](const JobSnapshot& job) { return chain::approximate_coins(job.deposit); });
    add_job_gauge(out, "emeth_job_in_danger", "1: it may miss its deadline.", jobs,
                  [](const JobSnapshot& job) { return job.danger.empty() ? 0.0 : 1.0; });
    add_job_gauge(out, "emeth_job_deadline_timestamp_seconds", "Its deadline.", jobs,
                  [](const JobSnapshot& job) { return static_cast<double>(job.deadline_unix_s); });
    add_job_gauge(out, "emeth_job_finish_estimate_seconds", "How long until its submit.", jobs,
                  [](const JobSnapshot& job) { return std::optional<double>(job.finish_estimate_s); });
    add_job_gauge(out, "emeth_job_chance_ratio", "How likely it is trained in time, from 0 to 1.", jobs,
                  [](const JobSnapshot& job) { return job.chance; });
    add_job_gauge(out, "emeth_job_checkpoint_timestamp_seconds",
                  "When the last checkpoint of a JOB in training was saved.", jobs,
                  [&tally](const JobSnapshot& job) -> std::optional<double> {
                      const auto found = tally.checkpoints_unix_ms.find(job.id);
                      if (found == tally.checkpoints_unix_ms.end()) return std::nullopt;
                      return seconds(std::optional(found->second));
                  });
    add_progress(out, jobs);
}

void add_servers(Exposition& out, const std::vector<ServerStatus>& servers) {
    auto up = out.gauge("emeth_server_up", "1: it answered when it was last asked.");
    for (const ServerStatus& server : servers) up.sample(server.trouble.empty(), {{"server", server.name}});
    auto latency = out.gauge("emeth_server_latency_seconds", "How long its last answer took.");
    for (const ServerStatus& server : servers)
        if (server.trouble.empty()) latency.sample(seconds(server.latency), {{"server", server.name}});
    auto answered = out.gauge("emeth_server_answer_timestamp_seconds", "When it last answered.");
    for (const ServerStatus& server : servers)
        answered.sample(seconds(server.answered_at_unix_ms), {{"server", server.name}});
}

void add_network(Exposition& out, const std::optional<Snapshot>& snapshot, const chain::RpcTally& rpc) {
    const std::optional<NetworkStatus> network = snapshot ? snapshot->network : std::nullopt;
    auto block = out.gauge("emeth_chain_block", "Number of the latest block.");
    auto time = std::optional<double>();
    if (network && network->head) {
        block.sample(network->head->number);
        time = static_cast<double>(network->head->timestamp_unix_s);
    }
    out.gauge("emeth_chain_block_timestamp_seconds", "Time of the latest block.").sample(time);
    add_servers(out, network ? network->servers : std::vector<ServerStatus>());
    auto reasons = out.gauge("emeth_standstill_reasons", "How many things keep the node from taking any JOB.");
    if (network && network->emt_free) reasons.sample(network->warnings.size());
    auto calls = out.histogram("emeth_rpc_call_seconds", "Calls to the endpoint, answered or not.");
    for (const auto& [method, tally] : rpc) calls.sample(tally.seconds, {{"method", method}});
    auto errors = out.counter("emeth_rpc_errors_total", "Calls without an answer, and answered with an error.");
    for (const auto& [method, tally] : rpc)
        errors.sample(tally.unanswered, {{"method", method}, {"kind", "unanswered"}})
            .sample(tally.refused, {{"method", method}, {"kind", "refused"}});
}

void add_storage(Exposition& out, const MetricsSources& sources) {
    std::optional<double> depth, oldest;
    if (sources.outbox) depth = static_cast<double>(sources.outbox->size());
    if (depth > 0)
        oldest = seconds(std::optional(
            std::ranges::min(*sources.outbox, {}, &storage::OutboxEntry::created_at_unix_ms).created_at_unix_ms));
    out.gauge("emeth_outbox_pending", "Signed transactions that are not confirmed yet.").sample(depth);
    out.gauge("emeth_outbox_oldest_timestamp_seconds", "When the oldest of them was signed.").sample(oldest);
    out.counter("emeth_store_synced_writes_total", "Writes that were synced.").sample(sources.store.synced);
    out.counter("emeth_store_failed_writes_total", "Writes that failed.").sample(sources.store.failed);
    std::optional<double> disk;
    if (sources.disk_free_bytes) disk = static_cast<double>(*sources.disk_free_bytes);
    out.gauge("emeth_data_disk_free_bytes", "Free on the disk of the data folder.").sample(disk);
}

}  // namespace

void add_node_metrics(Exposition& out, const MetricsSources& sources) {
    out.gauge("emeth_build_info", "The running version; always 1.").sample(1, {{"version", EMETH_VERSION}});
    out.gauge("emeth_ready", "1: the node advances, as /readyz says.").sample(sources.is_ready);
    add_jobs(out, sources.snapshot, sources.jobs);
    add_tally(out, sources.jobs);
    add_money(out, sources);
    add_workers(out, sources.snapshot);
    add_network(out, sources.snapshot, sources.rpc);
    add_storage(out, sources);
}

}  // namespace emeth::node
