#include "node/market/discovery.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "chain/amount.hpp"
#include "node/market/drain.hpp"
#include "node/market/refusal_counts.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
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
    const Result<bool> drained = co_await ask_drained();
    if (drained.has_error()) co_return drained.error();
    standstill_.look_at_drain(*drained);
    if (*drained) co_return std::size_t{0};
    ports_.prospector.log_workers(standstill_);
    if (ports_.prospector.free_workers(std::nullopt) == 0) co_return std::size_t{0};
    Result<std::vector<api_client::JobOffer>> offers = co_await ports_.info_server.open_jobs();
    if (offers.has_error()) co_return offers.error();
    if (const Result<void> restored = co_await restore(); restored.has_error()) co_return restored.error();
    forget_all_but(*offers);
    Result<NodeView> view = co_await ports_.prospector.view(std::nullopt);
    if (view.has_error()) co_return view.error();
    std::erase_if(*offers, [this](const api_client::JobOffer& offer) { return standing(offer.id).has_value(); });
    std::vector<JobId> offered = ports_.prospector.ranked(*offers, *view);
    ports_.prospector.log_money(standstill_, *view);

    Shortlist shortlist;
    const Result<void> assessed = co_await assess(std::move(offered), *view, shortlist);
    // Only now: each look at a JOB asks the Storage API, which says what time it is there.
    if (!clock_may_deposit(view->chain_now_unix_s)) shortlist.chosen.clear();
    const Result<std::size_t> taken = co_await take_best(std::move(shortlist), *view);
    if (assessed.has_error()) co_return assessed.error();
    co_return taken;
}

Task<Result<bool>> Discovery::ask_drained() {
    auto ask = [this] { return is_drained(ports_.notes); };
    co_return co_await ports_.pool.run(std::move(ask));
}

/// With a deposit locked and a clock that is off, the Storage API would refuse every request.
bool Discovery::clock_may_deposit(std::int64_t chain_now_unix_s) {
    if (ports_.network_clock == nullptr) return true;
    const api_client::ClockOffset::Verdict verdict = ports_.network_clock->judge(chain_now_unix_s);
    if (verdict.sentence.empty()) {
        if (clock_is_off_.ended()) spdlog::info("this machine's clock is right again");
    } else if (clock_is_off_.is_due(verdict.may_deposit ? "corrected" : "refused")) {
        spdlog::log(verdict.may_deposit ? spdlog::level::info : spdlog::level::warn, "{}", verdict.sentence);
    }
    return verdict.may_deposit;
}

/// A server that leaves a JOB out of one list must not make its waits begin anew.
void Discovery::forget_all_but(const std::vector<api_client::JobOffer>& offers) {
    std::set<JobId> offered;
    for (const auto& offer : offers) offered.insert(offer.id);
    if (known_.size() > known_max)
        std::erase_if(known_, [&](const auto& entry) { return !offered.contains(entry.first); });
    std::erase_if(in_doubt_, [&](const JobId& id) { return !offered.contains(id); });
}

/// The waits of JOBs that could not be looked at outlive a restart; refusals are judged anew, since settings may
/// differ.
Task<Result<void>> Discovery::restore() {
    if (restored_) co_return Result<void>{};
    auto read = [this] { return ports_.notes.refusals(); };
    const Result<std::vector<storage::RefusedJob>> refusals = co_await ports_.pool.run(std::move(read));
    if (refusals.has_error()) co_return refusals.error();
    restored_ = true;
    for (const auto& refusal : *refusals)
        if (refusal.failures > 0)
            known_[refusal.id] = {refusal.reason, false, refusal.failures, refusal.next_look_at_unix_ms};
        else
            known_.erase(refusal.id);
    co_return Result<void>{};
}

void Discovery::forget_refusals() {
    std::erase_if(known_, [](const auto& entry) { return !entry.second.reason.empty() && entry.second.failures == 0; });
}

std::optional<Discovery::Standing> Discovery::standing(const JobId& id) const {
    const auto known = known_.find(id);
    if (known == known_.end()) return std::nullopt;
    if (known->second.lasting) return Standing{known->second.reason, std::nullopt};
    const std::int64_t wait = known->second.next_look_at_unix_ms - ports_.clock.unix_ms();
    // A clock that was set back makes nobody wait longer.
    if (wait <= 0 || wait > trouble_policy.max.count()) return std::nullopt;
    return Standing{known->second.reason, known->second.next_look_at_unix_ms};
}

Task<Result<std::optional<statemachine::Job>>> Discovery::find_own(JobId id) {
    auto find = [this, id] { return ports_.jobs.find(id); };
    co_return co_await ports_.pool.run(std::move(find));
}

Task<Result<void>> Discovery::assess(std::vector<JobId> offered, const NodeView& view, Shortlist& shortlist) {
    std::size_t assessed = 0;
    for (const JobId& id : offered) {
        if (assessed == candidates_per_round_max) break;
        ++assessed;
        const Result<void> done = co_await assess(id, view, shortlist);
        if (done.has_error()) co_return done;
        if (shortlist.troubles_in_a_row == troubles_in_a_row_max) co_return transient_error(known_[id].reason);
    }
    co_return Result<void>{};
}

Task<Result<void>> Discovery::assess(JobId id, const NodeView& view, Shortlist& shortlist) {
    Result<std::optional<statemachine::Job>> own = co_await find_own(id);
    if (own.has_error()) co_return own.error();
    if (*own) {
        known_[id] = {"", true};
        if (in_doubt_.erase(id) > 0) take_on_(std::move(**own));  // its creation was durable after all
        co_return Result<void>{};
    }
    Result<Candidate> candidate = co_await ports_.prospector.candidate(id);
    if (candidate.has_error()) {
        // A dataset that does not exist is the requester's fault: the server did answer.
        const bool is_answered = candidate.error().kind == ErrorKind::permanent;
        shortlist.troubles_in_a_row = is_answered ? 0 : shortlist.troubles_in_a_row + 1;
        auto noting = note_trouble(id, candidate.error());
        co_return co_await std::move(noting);
    }
    shortlist.troubles_in_a_row = 0;
    Assessment verdict = ports_.prospector.judge(*candidate, view);
    if (auto* refused = std::get_if<Refused>(&verdict)) co_return co_await note_refusal(id, std::move(*refused));
    const bool is_first = shortlist.candidates.emplace(id, std::move(*candidate)).second;
    if (is_first) shortlist.chosen.push_back(std::get<Chosen>(std::move(verdict)));
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
        const Result<bool> durable = co_await take(chosen);
        if (durable.has_error()) co_return durable.error();
        if (!*durable) break;
        reserve(view, chosen);
        ++taken;
    }
    co_return taken;
}

/// False: the node has been drained since the round began.
Task<Result<bool>> Discovery::take(const Chosen& chosen) {
    const JobId id = chosen.terms.id;
    const statemachine::Discovered fact{chosen.terms};
    failpoint::before("commit", "Discovered");
    auto create = [this, &fact]() -> Result<std::optional<statemachine::Job>> {
        const Result<bool> drained = is_drained(ports_.notes);
        if (drained.has_error()) return drained.error();
        if (*drained) return std::optional<statemachine::Job>();
        Result<statemachine::Job> created = ports_.jobs.create(fact, ports_.clock.unix_ms());
        if (created.has_error()) return created.error();
        return std::optional(*std::move(created));
    };
    Result<std::optional<statemachine::Job>> job = co_await ports_.pool.run(std::move(create));
    if (job.has_error()) {
        in_doubt_.insert(id);
        co_return job.error();
    }
    if (!*job) co_return false;
    in_doubt_.erase(id);
    failpoint::after("commit", "Discovered");
    log_of(id).info("chosen: fee {} EMT, deposit {} EMT, dataset {} bytes, finish estimate {}{}, expected value {} EMT",
                    chain::format_coins(chosen.terms.fee), chain::format_coins(chosen.deposit),
                    chosen.terms.dataset_bytes, duration_text(chosen.finish_estimate_s), team_text(chosen.terms.team),
                    value_text(chosen.value));
    known_[id] = {"", true};
    take_on_(std::move(**job));
    co_return true;
}

/// Recorded once per JOB and reason, not in every round.
Task<Result<void>> Discovery::note_refusal(JobId id, Refused refused) {
    const auto before = known_.find(id);
    const bool repeated = before != known_.end() && before->second.failures == 0 &&
                          without_numbers(before->second.reason) == without_numbers(refused.reason);
    const std::int64_t now = ports_.clock.unix_ms();
    // Known before it is stored: if the settings change meanwhile, what was judged by the old ones is forgotten.
    known_[id] = {refused.reason, refused.lasting, 0, now + second_look_after.count()};
    if (repeated) co_return Result<void>{};
    log_of(id).info("refused: {}", refused.reason);
    storage::RefusedJob refusal{id, now, std::move(refused.reason)};
    auto storing = store(std::move(refusal));
    const Result<void> stored = co_await std::move(storing);
    if (stored.has_error()) known_.erase(id);
    co_return stored;
}

/// Whatever kept the node from looking at the JOB may change: its dataset may still come, the server may be repaired.
Task<Result<void>> Discovery::note_trouble(JobId id, Error error) {
    const auto before = known_.find(id);
    const std::uint32_t failures = 1 + (before == known_.end() ? 0 : before->second.failures);
    const Milliseconds wait = backoff(failures, trouble_policy, ports_.random.unit());
    const std::int64_t now = ports_.clock.unix_ms();
    Known known{std::move(error.message), false, failures, now + wait.count()};
    const auto level = failures == 1 ? spdlog::level::info : spdlog::level::debug;
    log_of(id).write(level, "cannot be looked at now: {}; again in {}", known.reason,
                     duration_text(wait.count() / 1'000));
    storage::RefusedJob refusal{id, now, known.reason, failures, known.next_look_at_unix_ms};
    auto storing = store(std::move(refusal));
    const Result<void> stored = co_await std::move(storing);
    if (stored.has_error()) co_return stored;
    known_[id] = std::move(known);
    co_return Result<void>{};
}

Task<Result<void>> Discovery::store(storage::RefusedJob refusal) {
    auto put = [this, refusal = std::move(refusal)] { return ports_.notes.put_refusal(refusal); };
    co_return co_await ports_.pool.run(std::move(put));
}

}  // namespace emeth::node
