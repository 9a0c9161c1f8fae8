// Facts that come from beside a JOB's own work and may end it: what the chain says, and the operator's or the cost
// rule's wish to give the JOB back. They wait here until the JOB's coroutine commits them. Nothing is lost with the
// process: the chain is asked again, and an operator is answered after the commit. Io thread only.
#pragma once

#include <optional>
#include <string>

#include "node/pipeline/job_journal.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::node {

class Interruptions {
public:
    /// `journal` must outlive it.
    Interruptions(const asio::any_io_executor& executor, const JobJournal& journal)
        : journal_(journal), changed_(executor) {}

    /// A fact of the chain; the one before must have been dealt with.
    void put_chain_fact(Fact fact);
    [[nodiscard]] bool has_chain_fact() const { return chain_fact_.has_value(); }

    /// It is decided as soon as the JOB's state allows it. Error when it is too late.
    Result<void> request_decline(std::string reason);
    [[nodiscard]] bool decline_is_requested() const { return decline_request_.has_value(); }

    /// The fact that fits the JOB as it is now.
    [[nodiscard]] std::optional<Fact> pending() const;
    /// Returns when there is one.
    Task<> wait();
    /// What pending() showed was accepted or refused. The chain's watch brings its facts again while they hold.
    void dealt_with();

private:
    const JobJournal& journal_;
    Wakeup changed_;
    std::optional<Fact> chain_fact_;
    std::optional<std::string> decline_request_;
};

}  // namespace emeth::node
