// Random lives of JOBs from seeds. Whatever happens, the record stays consistent with itself.
#include <cmath>
#include <set>

#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

constexpr std::uint64_t walks = 2'000;
constexpr std::size_t events_per_walk = 120;

bool confirmed(const std::optional<TxRef>& tx) {
    return tx && tx->block != 0;
}

/// What holds for every record that events can lead to.
void expect_consistent(const Job& job) {
    const bool before_deposit = job.state == State::discovered || job.state == State::skipped ||
                                job.state == State::lost || job.state == State::canceled;
    EXPECT_EQ(confirmed(job.deposit.process), !before_deposit);
    if (holds_deposit(job.state)) {
        EXPECT_EQ(job.lease.active, job.state != State::accepted);
    }
    if (job.state == State::training || job.state == State::submitted) {
        EXPECT_EQ(job.dataset.lease, job.lease.number);
    }
    if (!job.upload.upload_id.empty()) {
        EXPECT_TRUE(job.training.artifact);
        EXPECT_EQ(job.upload.lease, job.lease.number);
        EXPECT_LE(job.upload.etags.size(), job.upload.parts_total);
    }
    if (job.upload.completed) {
        EXPECT_EQ(job.upload.etags.size(), job.upload.parts_total);
    }
    const EvidenceProgress& evidence = job.evidence;
    EXPECT_EQ(evidence.block_hash.has_value(), !evidence.segments.empty());
    if (evidence.file) {
        EXPECT_TRUE(evidence.block_hash);
    }
    if (!evidence.upload.upload_id.empty()) {
        EXPECT_TRUE(evidence.file);
        EXPECT_EQ(evidence.upload.lease, job.lease.number);
        EXPECT_LE(evidence.upload.etags.size(), evidence.upload.parts_total);
    }
    if (evidence.block_hash) {
        EXPECT_TRUE(confirmed(job.outcome.submit)) << "evidence of a submit that is not on the chain";
    }
    if (job.outcome.submit) {
        EXPECT_TRUE(job.upload.completed);
        EXPECT_TRUE(job.lease.active);
        EXPECT_TRUE(job.outcome.decline_reason.empty()) << "declined and submitted";
    }
    const bool result_on_chain =
        job.state == State::submitted || job.state == State::verified || job.state == State::failed;
    EXPECT_EQ(confirmed(job.outcome.submit), result_on_chain);
    EXPECT_EQ(confirmed(job.outcome.decline), job.state == State::declined);
    if (job.outcome.decline) {
        EXPECT_FALSE(job.outcome.decline_reason.empty());
    }
    EXPECT_EQ(is_end(job.state), !job.outcome.end_reason.empty());
}

/// What holds between a record and its follower.
void expect_lawful_step(const Job& before, const Event& event, const Transition& made) {
    const Job& next = made.next;
    EXPECT_EQ(made.commands, std::vector<Command>{next_command(next)});
    EXPECT_EQ(next.terms, before.terms);
    EXPECT_EQ(next.sequence, before.sequence) << "raised by who journals";
    EXPECT_GE(next.lease.number, before.lease.number);
    EXPECT_GE(next.restarts, before.restarts);
    if (is_end(before.state)) {
        EXPECT_TRUE(std::holds_alternative<ReorgedOut>(event.body));
    }
    EXPECT_EQ(next.entered_at_unix_ms, next.state == before.state ? before.entered_at_unix_ms : event.at_unix_ms);
    const bool unconfirmed =
        std::holds_alternative<LeaseRevoked>(event.body) && before.dataset.lease != before.lease.number;
    if (before.dataset.sha256 && !unconfirmed) {
        EXPECT_EQ(next.dataset.sha256, before.dataset.sha256);
    }
}

class RandomWalk : public ::testing::Test {
protected:
    void walk(std::uint64_t seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        test::Rng rng(seed);
        Job job = discover({test::terms(seed)}, 0).next;
        for (std::size_t i = 1; i <= events_per_walk && !HasFailure(); ++i) {
            const Event event{static_cast<std::int64_t>(i), test::random_event(rng, job)};
            SCOPED_TRACE(std::string(name(event.body)) + " in " + std::string(name(job.state)));
            step(job, event);
        }
    }

    std::set<std::pair<State, std::size_t>> seen;  ///< accepted (state, event) pairs

private:
    void step(Job& job, const Event& event) {
        const Job copy = job;
        const TransitionResult outcome = transition(job, event);
        EXPECT_EQ(job, copy) << "transition() must not modify its input";
        const TransitionResult repeated = transition(job, event);
        ASSERT_EQ(outcome.index(), repeated.index());
        if (const auto* made = std::get_if<Transition>(&outcome)) {
            EXPECT_EQ(made->next, std::get<Transition>(repeated).next) << "same input, same output";
            expect_lawful_step(job, event, *made);
            seen.emplace(job.state, event.body.index());
            job = made->next;
            expect_consistent(job);
            EXPECT_FALSE(why(job, event.at_unix_ms).empty());
        } else {
            EXPECT_FALSE(std::get<Rejection>(outcome).reason.empty());
        }
    }
};

TEST_F(RandomWalk, KeepsEveryPromise) {
    for (std::uint64_t seed = 1; seed <= walks && !HasFailure(); ++seed) walk(seed);
}

TEST_F(RandomWalk, VisitsEveryRowOfTheTable) {
    for (std::uint64_t seed = 1; seed <= walks && !HasFailure(); ++seed) walk(seed);
    for (const TableRow& row : table()) {
        EXPECT_TRUE(seen.contains({row.from, row.event})) << event_name(row.event) << " in " << name(row.from);
    }
}

}  // namespace
}  // namespace emeth::statemachine
