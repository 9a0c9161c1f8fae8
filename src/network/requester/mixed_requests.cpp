#include "network/requester/mixed_requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "api_client/dataset_name.hpp"
#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "network/requester/job_follower.hpp"
#include "network/requester/texts.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr RetryPolicy retry{Milliseconds(1'000), 2, Milliseconds(60'000), 0.25};
constexpr std::int64_t hour_ms = 3'600'000;

}  // namespace

Task<Result<void>> MixedRequests::run() {
    remove_orphans();
    if (const auto settled = co_await settle_outbox(); settled.has_error()) co_return settled;
    if (const auto finished = co_await finish_what_is_planned(); finished.has_error()) co_return finished;
    for (std::uint32_t failures = 0;;) {
        co_await look_at_open();
        if (!is_due()) {
            co_await ports_.clock.sleep(poll_interval);
            continue;
        }
        auto plan = co_await plan_next();
        if (plan.has_error() && plan.error().kind == ErrorKind::permanent) co_return plan.error();
        if (plan.has_error()) {
            spdlog::warn("no JOB can be planned: {}; will retry", plan.error().message);
            co_await ports_.clock.sleep(backoff(++failures, retry, ports_.network.random.unit()));
            continue;
        }
        failures = 0;
        if (!*plan) co_return Result<void>{};
        auto finishing = finish(**plan);
        const auto finished = co_await std::move(finishing);
        if (finished.has_error()) co_return finished;
    }
}

void MixedRequests::remove_orphans() {
    remove_leftovers_below(datasets_);
    std::set<fs::path> wanted;
    for (const auto& [number, plan] : plans_.plans())
        if (plan.state == PlanState::planned) wanted.insert(dataset_of(plan.id));
    std::vector<fs::path> orphans;
    for (const fs::path& file : texts_in(datasets_))
        if (!wanted.contains(file)) orphans.push_back(file);
    std::error_code absent;
    for (const fs::path& file : orphans) fs::remove(file, absent);
}

Task<Result<void>> MixedRequests::settle_outbox() {
    auto read = [this] { return ports_.outbox.pending(); };
    const auto pending = co_await ports_.pool.run(std::move(read));
    if (pending.has_error()) co_return pending.error();
    for (const storage::OutboxEntry& entry : *pending)  // an Error means that the nonce is taken: settled as well
        static_cast<void>(co_await ports_.network.sender.await_outcome(entry.nonce, entry.hash));
    co_return Result<void>{};
}

Task<Result<void>> MixedRequests::finish_what_is_planned() {
    std::vector<RequestPlan> planned;
    for (const auto& [number, plan] : plans_.plans())
        if (plan.state == PlanState::planned) planned.push_back(plan);
    for (const RequestPlan& plan : planned) {
        auto finishing = finish(plan);
        const auto finished = co_await std::move(finishing);
        if (finished.has_error()) co_return finished;
    }
    co_return Result<void>{};
}

bool MixedRequests::is_due() const {
    std::uint64_t open = 0;
    for (const auto& [number, plan] : plans_.plans())
        if (plan.state == PlanState::requested && plan.trap == Trap::none) ++open;
    if (open >= options_.open_jobs_max) return false;
    if (options_.jobs_per_hour == 0 || plans_.plans().empty()) return true;
    const std::int64_t interval = hour_ms / static_cast<std::int64_t>(options_.jobs_per_hour);
    const std::int64_t wait = plans_.plans().rbegin()->second.planned_at_unix_ms + interval - ports_.clock.unix_ms();
    return wait <= 0 || wait > interval;  // a clock that was set back makes nobody wait longer
}

Task<Result<std::optional<RequestPlan>>> MixedRequests::plan_next() {
    const auto constants = co_await ports_.network.chain.constants();
    if (constants.has_error()) co_return constants.error();
    JobDraft draft = draw(options_.mix, ports_.network.random);
    std::string dataset;
    if (draft.trap != Trap::missing_dataset) {
        auto making = make_dataset(draft);
        auto made = co_await std::move(making);
        if (made.has_error()) co_return made.error();
        dataset = std::move(*made);
        draft.dataset_bytes = dataset.size();
    }
    const auto gas = co_await chain::dataset_gas(ports_.network.chain, draft.dataset_bytes);
    if (gas.has_error()) co_return gas.error();
    RequestPlan plan;
    plan.number = plans_.plans().empty() ? 1 : plans_.plans().rbegin()->first + 1;
    ports_.network.random.fill(plan.id.bytes);
    plan.trap = draft.trap;
    plan.dataset_bytes = draft.dataset_bytes;
    plan.program_id = draft.program_id;
    plan.param = draft.param;
    plan.fee = fee_of(draft, options_.mix, *gas, constants->verifier_fee);
    plan.deadline_in_s = draft.deadline_in_s;
    plan.planned_at_unix_ms = ports_.clock.unix_ms();
    if (chain::to_u256(plans_.spent()) + chain::to_u256(plan.fee) > chain::to_u256(options_.budget))
        co_return std::optional<RequestPlan>();
    auto write = [this, &plan, &dataset]() -> Result<void> {
        if (plan.trap != Trap::missing_dataset)
            if (auto written = write_file_durably(dataset_of(plan.id), std::string_view(dataset), 0600);
                written.has_error())
                return written;
        return plans_.put(plan);
    };
    const auto written = co_await ports_.pool.run(std::move(write));
    if (written.has_error()) co_return written.error();
    tell_(plan);
    co_return std::optional(std::move(plan));
}

Task<Result<std::string>> MixedRequests::make_dataset(JobDraft draft) {
    auto make = [this, draft = std::move(draft)] {
        std::vector<fs::path> texts = texts_in(options_.texts / draft.language);
        if (texts.empty()) texts = texts_in(options_.texts);
        auto cut = cut_text(texts, draft.dataset_bytes, ports_.network.random);
        return cut.has_error() ? in_context("mix_texts=" + options_.texts.string(), cut.error()) : cut;
    };
    co_return co_await ports_.pool.run(std::move(make));
}

Task<Result<void>> MixedRequests::finish(RequestPlan plan) {
    for (std::uint32_t failures = 1;; ++failures) {
        auto trying = try_to_request(plan);
        auto requested = co_await std::move(trying);
        if (requested.has_error() && requested.error().kind == ErrorKind::permanent) {
            // What looks like a refusal may be an endpoint that has forgotten a receipt.
            const auto known = co_await ports_.network.chain.job(plan.id);
            if (known.has_error())
                requested = transient_error(known.error().message);
            else if (known->exist)
                requested = Result<void>{};
        }
        if (requested.has_value()) {
            drops_in_a_row_ = 0;
            auto changing = change(plan, PlanState::requested, "");
            co_return co_await std::move(changing);
        }
        if (requested.error().kind == ErrorKind::permanent) {
            auto changing = change(plan, PlanState::dropped, requested.error().message);
            const auto changed = co_await std::move(changing);
            if (changed.has_error()) co_return changed;
            if (++drops_in_a_row_ == drops_in_a_row_max)
                co_return permanent_error(fmt::format("{} JOBs in a row were refused; the last one: {}",
                                                      drops_in_a_row_max, requested.error().message));
            co_return Result<void>{};
        }
        log_of(plan.id).warn("is not requested yet: {}; will retry", requested.error().message);
        co_await ports_.clock.sleep(backoff(failures, retry, ports_.network.random.unit()));
    }
}

Task<Result<void>> MixedRequests::try_to_request(RequestPlan plan) {
    const auto known = co_await ports_.network.chain.job(plan.id);
    if (known.has_error()) co_return known.error();
    if (known->exist) co_return Result<void>{};
    const auto balance = co_await ports_.network.chain.emt_balance(ports_.network.sender.address());
    if (balance.has_error()) co_return balance.error();
    if (*balance < plan.fee)
        co_return transient_error(fmt::format("the fee is {} EMT, and {} has {} EMT", chain::format_coins(plan.fee),
                                              ports_.network.sender.address().hex(), chain::format_coins(*balance)));
    auto uploading = upload(plan);
    const auto name = co_await std::move(uploading);
    if (name.has_error()) co_return in_context("uploading the dataset", name.error());
    JobTerms terms{plan.id, plan.program_id, *name, plan.param, plan.fee, plan.deadline_in_s};
    auto putting = ports_.requester.put_on_chain(std::move(terms));
    const auto requested = co_await std::move(putting);
    if (requested.has_error()) co_return requested.error();
    co_return Result<void>{};
}

/// Under the JOB's id, and so as often as it takes.
Task<Result<std::string>> MixedRequests::upload(RequestPlan plan) {
    if (plan.trap == Trap::missing_dataset)
        co_return api_client::dataset_name(plan.id, ports_.network.sender.address());
    failpoint::before("storage", "put_dataset");
    auto uploading = ports_.network.storage.upload_dataset(plan.id, dataset_of(plan.id));
    auto name = co_await std::move(uploading);
    failpoint::after("storage", "put_dataset");
    co_return name;
}

Task<> MixedRequests::look_at_open() {
    std::vector<RequestPlan> open;
    for (const auto& [number, plan] : plans_.plans())
        if (plan.state == PlanState::requested) open.push_back(plan);
    for (const RequestPlan& plan : open) {
        auto looking = look_at(plan);
        static_cast<void>(co_await std::move(looking));  // what is away is asked again, and told of by plan_next()
    }
}

Task<Result<void>> MixedRequests::look_at(RequestPlan plan) {
    const auto job = co_await ports_.network.chain.job(plan.id);
    if (job.has_error()) co_return job.error();
    if (!job->exist) co_return transient_error("the endpoint does not know the JOB");
    const auto latest = co_await ports_.network.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    if (prospect_of(job->status) != Prospect::goes_on) {
        std::string outcome = status_sentence(*job, chain::JobAssign{}, latest->timestamp_unix_s);
        auto changing = change(std::move(plan), PlanState::ended, std::move(outcome));
        co_return co_await std::move(changing);
    }
    if (job->status != chain::JobStatus::requested || latest->timestamp_unix_s <= job->deadline_unix_s)
        co_return Result<void>{};
    co_return co_await ports_.requester.cancel(plan.id);
}

Task<Result<void>> MixedRequests::change(RequestPlan plan, PlanState state, std::string outcome) {
    plan.state = state;
    plan.outcome = std::move(outcome);
    auto write = [this, &plan]() -> Result<void> {
        if (auto put = plans_.put(plan); put.has_error()) return put;
        std::error_code absent;
        fs::remove(dataset_of(plan.id), absent);
        return {};
    };
    const auto written = co_await ports_.pool.run(std::move(write));
    if (written.has_error()) co_return written;
    tell_(plan);
    co_return Result<void>{};
}

fs::path MixedRequests::dataset_of(const JobId& id) const {
    return datasets_ / fmt::format("dataset-{}.txt", id.hex());
}

}  // namespace emeth::network
