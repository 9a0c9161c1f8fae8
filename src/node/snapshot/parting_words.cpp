#include "node/snapshot/parting_words.hpp"

#include <fmt/format.h>

#include "chain/amount.hpp"
#include "runtime/utc_text.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

/// By when a JOB must be worked on again; what cannot be estimated, at once.
std::int64_t latest_return_unix_s(const JobSnapshot& job, std::int64_t now_unix_s) {
    return job.finish_estimate_s ? job.deadline_unix_s - *job.finish_estimate_s : now_unix_s;
}

std::string utc(std::int64_t unix_s) {
    return utc_text(unix_s * 1'000) + " UTC";
}

std::string work_left(const JobSnapshot& job) {
    return *job.finish_estimate_s == 0 ? "it is trained, not submitted"
                                       : "it needs " + duration_text(*job.finish_estimate_s) + " more";
}

/// What brings the operator back in time for `first`, which is the most urgent.
std::string when_to_return(const JobSnapshot& first) {
    if (!first.finish_estimate_s)
        return fmt::format(
            "start the master again at once ({}: deadline {}, and what is left of it cannot be estimated)",
            short_name(first.id), utc(first.deadline_unix_s));
    return fmt::format("start the master again before {} ({}: deadline {}, {})",
                       utc(first.deadline_unix_s - *first.finish_estimate_s), short_name(first.id),
                       utc(first.deadline_unix_s), work_left(first));
}

}  // namespace

std::string parting_words(const Snapshot& snapshot) {
    const std::int64_t now_unix_s = snapshot.at_unix_ms / 1'000;
    std::size_t locked = 0;
    Wei amount;
    const JobSnapshot* first = nullptr;
    for (const JobSnapshot& job : snapshot.jobs) {
        const Wei deposit = job.deposit_in_flight.value_or(job.deposit);
        if (deposit.is_zero()) continue;
        ++locked;
        amount = chain::saturating_sum(amount, deposit);
        if (statemachine::awaits_verdict(job.state)) continue;
        if (first == nullptr || latest_return_unix_s(job, now_unix_s) < latest_return_unix_s(*first, now_unix_s))
            first = &job;
    }
    if (locked == 0) return "no deposit is locked";
    const std::string words =
        fmt::format("{} EMT stay locked in {} JOB{}", chain::format_coins(amount), locked, locked == 1 ? "" : "s");
    if (first == nullptr)
        return words + ", all submitted: the verifier may still ask for evidence, so start the master again soon";
    return words + ": " + when_to_return(*first);
}

}  // namespace emeth::node
