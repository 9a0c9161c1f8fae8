#include "node/snapshot/parting_words.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "chain/amount.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

/// By when a JOB must be worked on again.
std::int64_t latest_return_unix_s(const JobSnapshot& job) {
    return job.deadline_unix_s - job.finish_estimate_s.value_or(0);
}

std::string utc_text(std::int64_t unix_s) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(unix_s)));
}

std::string work_left(const JobSnapshot& job) {
    if (!job.finish_estimate_s) return "what is left of it cannot be estimated";
    return *job.finish_estimate_s == 0 ? "it is trained, not submitted"
                                       : "it needs " + duration_text(*job.finish_estimate_s) + " more";
}

}  // namespace

std::string parting_words(const Snapshot& snapshot) {
    std::size_t locked = 0;
    const JobSnapshot* first = nullptr;
    for (const JobSnapshot& job : snapshot.jobs) {
        if (job.deposit.is_zero()) continue;
        ++locked;
        if (statemachine::awaits_verdict(job.state)) continue;
        if (first == nullptr || latest_return_unix_s(job) < latest_return_unix_s(*first)) first = &job;
    }
    if (locked == 0) return "no deposit is locked";
    std::string words = fmt::format("{} EMT stay locked in {} JOB{}", chain::format_coins(snapshot.locked), locked,
                                    locked == 1 ? "" : "s");
    if (first == nullptr)
        return words + ", all submitted: the verifier may still ask for evidence, so start the master again soon";
    return words + fmt::format(": start the master again before {} ({}: deadline {}, {})",
                               utc_text(latest_return_unix_s(*first)), short_name(first->id),
                               utc_text(first->deadline_unix_s), work_left(*first));
}

}  // namespace emeth::node
