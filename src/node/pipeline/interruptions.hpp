// Facts that arise outside a JOB's own work and may end it: what the chain says, and a request by the operator or the
// cost rule to give the JOB back. They wait here until the JOB's coroutine commits them. Nothing is lost if the process
// dies: the chain is asked again, and an operator is answered only after the commit. Io thread only.
#pragma once

#include <optional>
#include <string>

#include "node/pipeline/job_journal.hpp"
#include "runtime/wakeup.hpp"
#include "statemachine/event.hpp"

namespace emeth::node {

class Interruptions {
public:
    /// `journal` must outlive it.
    Interruptions(const asio::any_io_executor& executor, const JobJournal& journal)
        : journal_(journal), changed_(executor) {}

    /// A fact from the chain; the previous one must have been dealt with.
    void put_chain_fact(Fact fact);
    [[nodiscard]] bool has_chain_fact() const { return chain_fact_.has_value(); }

    /// Decided as soon as the JOB's state allows it. Error when it is too late.
    Result<void> request_decline(std::string reason);
    /// The lease is revoked, if it is still the same then.
    void request_takeover(std::uint64_t lease, std::string reason);
    [[nodiscard]] bool decline_is_requested() const { return decline_request_.has_value(); }

    /// The pending fact that applies to the JOB in its current state.
    [[nodiscard]] std::optional<Fact> pending() const;
    /// Returns once there is one.
    Task<> wait();
    /// The fact that pending() returned was accepted or refused. The chain's watch reports its facts again for as long
    /// as they hold.
    void dealt_with();
    void takeover_dealt_with() { takeover_request_.reset(); }

private:
    [[nodiscard]] std::optional<Fact> takeover() const;

    const JobJournal& journal_;
    Wakeup changed_;
    std::optional<Fact> chain_fact_;
    std::optional<std::string> decline_request_;
    std::optional<statemachine::LeaseRevoked> takeover_request_;
};

}  // namespace emeth::node
