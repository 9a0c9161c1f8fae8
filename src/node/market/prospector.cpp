#include "node/market/prospector.hpp"

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "node/workers/worker_power.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::node {
namespace {

Wei difference_or_zero(const Wei& a, const Wei& b) {
    return a > b ? chain::to_wei(chain::to_u256(a) - chain::to_u256(b)) : Wei{};
}

}  // namespace

Prospector::Prospector(chain::Chain& chain, api_client::ArtifactStore& artifacts, WorkerHub& workers,
                       BlockingPool& pool, Clock& clock, Address wallet, chain::Constants constants,
                       SelectionPolicy policy, std::filesystem::path data, CommitmentsOf commitments)
    : chain_(chain),
      artifacts_(artifacts),
      workers_(workers),
      pool_(pool),
      chain_clock_(chain, clock),
      wallet_(wallet),
      constants_(constants),
      policy_(std::move(policy)),
      data_(std::move(data)),
      commitments_(std::move(commitments)) {}

Task<Result<Candidate>> Prospector::candidate(JobId id) {
    Candidate candidate;
    candidate.id = id;
    const Result<chain::JobRecord> record = co_await chain_.job(id);
    if (record.has_error()) co_return record.error();
    candidate.record = *record;
    // Selection refuses it by its status: no need to read more.
    if (!record->exist || record->status != chain::JobStatus::requested) co_return candidate;
    Result<chain::JobDetails> details = co_await chain_.job_details(id);
    if (details.has_error()) co_return details.error();
    candidate.details = std::move(*details);
    const Result<std::uint64_t> bytes = co_await artifacts_.dataset_bytes(candidate.details.dataset);
    if (bytes.has_error()) co_return bytes.error();
    candidate.dataset_bytes = *bytes;
    const Result<std::uint64_t> gas = co_await gas_of(*bytes);
    if (gas.has_error()) co_return gas.error();
    candidate.gas = *gas;
    co_return candidate;
}

Task<Result<std::uint64_t>> Prospector::gas_of(std::uint64_t dataset_bytes) {
    const std::uint64_t mebibytes = std::max<std::uint64_t>(1, dataset_bytes >> 20);
    co_return co_await chain_.estimated_gas(mebibytes, language_model_complexity);
}

std::size_t Prospector::free_workers(std::optional<JobId> except) const {
    const auto idle = workers_.idle_workers();
    const auto waiting = commitments_(except).workers;
    const auto free = idle > waiting ? idle - waiting : 0;
    if (!policy_.cooperative || free == 0) return free;
    const auto workers = workers_.workers();
    const bool at_work = waiting > 0 || std::ranges::any_of(workers, [&](const WorkerInfo& worker) {
                             return worker.job && worker.job != except;
                         });
    return at_work ? 0 : 1;
}

Task<Result<NodeView>> Prospector::view(std::optional<JobId> except) {
    NodeView view;
    const Result<std::int64_t> now = co_await chain_clock_.now_unix_s();
    if (now.has_error()) co_return now.error();
    const Result<Wei> emt = co_await chain_.emt_balance(wallet_);
    if (emt.has_error()) co_return emt.error();
    const Result<Wei> alt = co_await chain_.alt_balance(wallet_);
    if (alt.has_error()) co_return alt.error();
    const Result<chain::Fees> fees = co_await chain_.fees();
    if (fees.has_error()) co_return fees.error();
    auto measure = [this] { return free_bytes(data_); };
    const Result<std::uint64_t> disk = co_await pool_.run(std::move(measure));
    if (disk.has_error()) co_return disk.error();

    const auto workers = workers_.workers();
    view.chain_now_unix_s = *now;
    view.workers_connected = static_cast<std::size_t>(
        std::count_if(workers.begin(), workers.end(), [](const WorkerInfo& worker) { return worker.connected; }));
    view.workers_free = free_workers(except);
    view.power_capacity = power_of_slowest_idle(workers).value_or(0);
    const Commitments committed = commitments_(except);
    view.emt_free = difference_or_zero(*emt, committed.deposits);
    view.gas_price = fees->max_fee_per_gas;
    view.alt_free = difference_or_zero(*alt, gas_money(view.gas_price, committed.chain_gas));
    view.disk_free_bytes = *disk;
    view.constants = constants_;
    co_return view;
}

Task<Result<Verdict>> Prospector::assess_again(statemachine::Terms terms, chain::JobRecord record) {
    const Result<std::uint64_t> gas = co_await gas_of(terms.dataset_bytes);
    if (gas.has_error()) co_return gas.error();
    const Candidate candidate{
        terms.id, record, {terms.program_id, terms.param, terms.dataset, ""}, terms.dataset_bytes, *gas};
    const Result<NodeView> now = co_await view(terms.id);
    if (now.has_error()) co_return now.error();
    co_return judge(candidate, *now);
}

}  // namespace emeth::node
