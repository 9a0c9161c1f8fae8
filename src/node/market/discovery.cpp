#include "node/market/discovery.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "chain/amount.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

/// "finish estimate 5 h > 4 h left" says the same a minute later with different numbers: it is recorded only once.
std::string without_numbers(const std::string& reason) {
    std::string shape;
    for (const char c : reason)
        if (c < '0' || c > '9') shape += c;
    return shape;
}

}  // namespace

Task<> Discovery::run() {
    const RetryPolicy policy{interval_, 2, std::max<Milliseconds>(interval_, Milliseconds(120'000)), 0.25};
    std::uint32_t failures = 0;
    for (;;) {
        const Result<std::size_t> chosen = co_await round();
        if (chosen.has_error()) {
            if (failures++ == 0) spdlog::warn("cannot look for JOBs: {}; will retry", chosen.error().message);
            co_await ports_.clock.sleep(backoff(failures, policy, ports_.random.unit()));
            continue;
        }
        if (failures > 0) spdlog::info("looking for JOBs again after {} failures", failures);
        failures = 0;
        co_await ports_.clock.sleep(interval_);
    }
}

Task<Result<std::size_t>> Discovery::round() {
    if (ports_.prospector.free_workers(std::nullopt) == 0) co_return std::size_t{0};
    const Result<std::vector<api_client::JobOffer>> offers = co_await ports_.info_server.open_jobs();
    if (offers.has_error()) co_return offers.error();
    forget_all_but(*offers);
    std::vector<JobId> offered = ports_.prospector.ranked(*offers);
    Result<NodeView> view = co_await ports_.prospector.view(std::nullopt);
    if (view.has_error()) co_return view.error();

    Shortlist shortlist;
    const Result<void> assessed = co_await assess(std::move(offered), *view, shortlist);
    const Result<std::size_t> taken = co_await take_best(std::move(shortlist), *view);
    if (assessed.has_error()) co_return assessed.error();
    co_return taken;
}

/// Bounds the memory of refusals by what the server offers.
void Discovery::forget_all_but(const std::vector<api_client::JobOffer>& offers) {
    std::set<JobId> offered;
    for (const auto& offer : offers) offered.insert(offer.id);
    std::erase_if(known_, [&](const auto& entry) { return !offered.contains(entry.first); });
    std::erase_if(in_doubt_, [&](const JobId& id) { return !offered.contains(id); });
}

bool Discovery::is_due(const JobId& id) const {
    const auto known = known_.find(id);
    return known == known_.end() ||
           (!known->second.lasting && ports_.clock.monotonic() >= known->second.second_look_at);
}

Task<Result<std::optional<statemachine::Job>>> Discovery::find_own(JobId id) {
    auto find = [this, id] { return ports_.jobs.find(id); };
    co_return co_await ports_.pool.run(std::move(find));
}

Task<Result<void>> Discovery::assess(std::vector<JobId> offered, const NodeView& view, Shortlist& shortlist) {
    std::size_t assessed = 0;
    for (const JobId& id : offered) {
        if (assessed == candidates_per_round_max) break;
        if (!is_due(id)) continue;
        ++assessed;
        const Result<void> done = co_await assess(id, view, shortlist);
        if (done.has_error()) co_return done;
    }
    co_return Result<void>{};
}

Task<Result<void>> Discovery::assess(JobId id, const NodeView& view, Shortlist& shortlist) {
    Result<std::optional<statemachine::Job>> own = co_await find_own(id);
    if (own.has_error()) co_return own.error();
    if (*own) {
        known_[id].lasting = true;
        if (in_doubt_.erase(id) > 0) take_on_(std::move(**own));  // its creation was durable after all
        co_return Result<void>{};
    }
    Result<Candidate> candidate = co_await ports_.prospector.candidate(id);
    if (candidate.has_error() && candidate.error().kind != ErrorKind::permanent) co_return candidate.error();
    Assessment verdict = candidate.has_error() ? Assessment(Refused{candidate.error().message, true})
                                               : ports_.prospector.judge(*candidate, view);
    if (auto* refused = std::get_if<Refused>(&verdict)) co_return co_await note_refusal(id, std::move(*refused));
    shortlist.chosen.push_back(std::get<Chosen>(std::move(verdict)));
    shortlist.candidates.emplace(id, std::move(*candidate));
    co_return Result<void>{};
}

/// Each is judged once more before it is taken, since `view` has less to give after each.
Task<Result<std::size_t>> Discovery::take_best(Shortlist shortlist, NodeView& view) {
    const std::vector<JobId> best_first = ports_.prospector.ranked(shortlist.chosen);
    std::size_t taken = 0;
    for (const JobId& id : best_first) {
        if (view.workers_free == 0) break;
        Assessment verdict = ports_.prospector.judge(shortlist.candidates.at(id), view);
        if (auto* refused = std::get_if<Refused>(&verdict)) {
            const Result<void> noted = co_await note_refusal(id, std::move(*refused));
            if (noted.has_error()) co_return noted.error();
            continue;
        }
        const auto& chosen = std::get<Chosen>(verdict);
        const Result<void> durable = co_await take(chosen);
        if (durable.has_error()) co_return durable.error();
        reserve(view, chosen);
        ++taken;
    }
    co_return taken;
}

Task<Result<void>> Discovery::take(const Chosen& chosen) {
    const JobId id = chosen.terms.id;
    const statemachine::Discovered fact{chosen.terms};
    failpoint::before("commit", "Discovered");
    auto create = [this, &fact] { return ports_.jobs.create(fact, ports_.clock.unix_ms()); };
    Result<statemachine::Job> job = co_await ports_.pool.run(std::move(create));
    if (job.has_error()) {
        in_doubt_.insert(id);
        co_return job.error();
    }
    in_doubt_.erase(id);
    failpoint::after("commit", "Discovered");
    spdlog::info("{}: chosen: fee {} EMT, deposit {} EMT, dataset {} bytes, finish estimate {}, expected value {} EMT",
                 short_name(id), chain::format_coins(chosen.terms.fee), chain::format_coins(chosen.deposit),
                 chosen.terms.dataset_bytes, duration_text(chosen.finish_estimate_s),
                 rounded_coins(chosen.expected_value));
    known_[id].lasting = true;
    take_on_(std::move(*job));
    co_return Result<void>{};
}

/// Recorded once per JOB and reason, not in every round.
Task<Result<void>> Discovery::note_refusal(JobId id, Refused refused) {
    const auto before = known_.find(id);
    const auto shape = without_numbers(refused.reason);
    const bool repeated = before != known_.end() && before->second.reason_shape == shape;
    if (!repeated) {
        spdlog::info("{}: refused: {}", short_name(id), refused.reason);
        const storage::RefusedJob refusal{id, ports_.clock.unix_ms(), refused.reason};
        auto put = [this, &refusal] { return ports_.notes.put_refusal(refusal); };
        const Result<void> stored = co_await ports_.pool.run(std::move(put));
        if (stored.has_error()) co_return stored;
    }
    known_[id] = {shape, refused.lasting, ports_.clock.monotonic() + second_look_after};
    co_return Result<void>{};
}

}  // namespace emeth::node
