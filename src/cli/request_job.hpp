// What a requester does with a JOB that is on chain: emeth request follow, emeth request cancel, and --wait.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "cli/command.hpp"
#include "cli/network_actor.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::cli {

void add_request_follow(CLI::App& request, Invocation& invocation);
void add_request_cancel(CLI::App& request, Invocation& invocation);

/// An Error if something is there already. Empty: nothing is asked for.
Result<void> check_output(const std::string& output);
/// Says on stderr what becomes of the JOB, and fetches its result into `output` (empty: "<JOB id>.tar"), whose path
/// goes to stdout.
Task<Result<void>> follow_request(NetworkActor& self, JobId id, std::string output);

/// Races against work that sends a transaction, and must never finish first.
template <class T>
Task<Result<T>> keep_sending(chain::TransactionSender& sender) {
    co_await sender.run();
    co_return transient_error("the transaction sender ended");
}

}  // namespace emeth::cli
