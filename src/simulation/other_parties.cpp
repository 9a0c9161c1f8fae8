#include "simulation/other_parties.hpp"

#include <fmt/format.h>

namespace emeth::simulation {
namespace {

using chain::JobStatus;

constexpr std::int64_t patience_s = 3'600;

}  // namespace

void OtherParties::act_as_requester(std::int64_t now_s, Dice& dice) {
    for (auto& [id, story] : stories_) {
        if (!story.requested && now_s >= story.requested_at_s) {
            story.requested = true;
            chain_.request(id, chain_.requester, id.hex(), story.param, story.fee, story.deadline_unix_s);
        }
        const auto& jobs = chain_.latest().jobs;
        const auto found = jobs.find(id);
        if (found == jobs.end() || found->second.record.status != JobStatus::requested || weather_.fine) continue;
        if (dice.chance(0.0005)) chain_.cancel(id);
        if (dice.chance(0.001)) chain_.process_by(id, numbered<Address>(50));
    }
}

/// Of the block in which the submit stands now.
bool OtherParties::shows_what_was_drawn(const JobId& id) const {
    const auto shown = storage_.evidence(id);
    for (const auto& log : chain_.status_logs(id, 0, chain_.head()))
        if (log.status == JobStatus::submitted) return shown == evidence_digest(id, log.block_hash);
    return false;
}

void OtherParties::act_as_verifier() {
    for (const auto& [id, job] : chain_.latest().jobs) {
        if (job.assign.node != chain_.wallet) continue;
        Story& story = stories_.at(id);
        const auto since_submit = chain_.now_unix_s() - job.assign.submitted_at_unix_s;
        if (job.record.status == JobStatus::submitted && since_submit > story.verdict_after_s) {
            const Hash256* result = storage_.result(job.details.result);
            const bool honest = result != nullptr && workers_.is_honest(id, *result);
            if (!honest)
                violations_.add(fmt::format("{}: what was submitted as {} is not a whole honest result", id.hex(),
                                            job.details.result));
            if (!shows_what_was_drawn(id)) {
                if (since_submit < patience_s) continue;
                if (!workers_.has_lost(id)) violations_.add(id.hex() + ": what its worker holds was not shown in time");
                story.excused = true;
                chain_.reject(id);
            } else if (story.rejected_unjustly) {
                story.excused = true;
                chain_.reject(id);
            } else {
                chain_.verify(id, story.bytes >> 20);
            }
        }
        if (job.record.status == JobStatus::processing && chain_.now_unix_s() > job.record.deadline_unix_s + 60)
            chain_.time_out(id);
    }
}

}  // namespace emeth::simulation
