#include "statemachine/command.hpp"

#include "statemachine/handlers.hpp"

namespace emeth::statemachine {
namespace {

Command command_in_discovered(const Job& job) {
    return job.deposit.process ? Command::await_process : Command::send_process;
}

/// Once decided, the way out takes precedence over all other work of a JOB that holds a deposit.
std::optional<Command> command_of_decline(const Job& job) {
    if (job.outcome.decline) return Command::await_decline;
    if (!job.outcome.decline_reason.empty()) return Command::send_decline;
    return std::nullopt;
}

Command command_in_training(const Job& job) {
    if (!job.training.artifact) return Command::train;
    if (const auto command = command_of_upload(job.upload)) return *command;
    return job.outcome.submit ? Command::await_submit : Command::send_submit;
}

}  // namespace

Command next_command(const Job& job) {
    switch (job.state) {
        case State::discovered:
            return command_in_discovered(job);
        case State::accepted:
            return command_of_decline(job).value_or(Command::lease_worker);
        case State::downloading:
            return command_of_decline(job).value_or(Command::download);
        case State::training:
            return command_of_decline(job).value_or(command_in_training(job));
        case State::submitted:
            return command_of_evidence(job).value_or(Command::await_verdict);
        case State::verified:
        case State::failed:
        case State::timed_out:
        case State::declined:
        case State::canceled:
        case State::lost:
        case State::skipped:
            return Command::cleanup;
    }
    return Command::cleanup;
}

}  // namespace emeth::statemachine
