#include "statemachine/command.hpp"

#include "statemachine/transition.hpp"

namespace emeth::statemachine {
namespace {

Command command_in_discovered(const Job& job) {
    return job.deposit.process ? Command::await_process : Command::send_process;
}

/// The way out, once decided, comes before all other work of a JOB that holds a deposit.
std::optional<Command> command_of_decline(const Job& job) {
    if (job.outcome.decline) return Command::await_decline;
    if (!job.outcome.decline_reason.empty()) return Command::send_decline;
    return std::nullopt;
}

Command command_in_training(const Job& job) {
    if (!job.training.artifact) return Command::train;
    if (job.upload.upload_id.empty()) return Command::open_upload;
    if (job.upload.etags.size() < job.upload.parts_total) return Command::upload_parts;
    if (!job.upload.completed) return Command::complete_upload;
    return job.outcome.submit ? Command::await_submit : Command::send_submit;
}

}  // namespace

std::string_view name(Command command) {
    switch (command) {
        case Command::send_process:
            return "send_process";
        case Command::await_process:
            return "await_process";
        case Command::lease_worker:
            return "lease_worker";
        case Command::download:
            return "download";
        case Command::train:
            return "train";
        case Command::open_upload:
            return "open_upload";
        case Command::upload_parts:
            return "upload_parts";
        case Command::complete_upload:
            return "complete_upload";
        case Command::send_submit:
            return "send_submit";
        case Command::await_submit:
            return "await_submit";
        case Command::await_verdict:
            return "await_verdict";
        case Command::send_decline:
            return "send_decline";
        case Command::await_decline:
            return "await_decline";
        case Command::cleanup:
            return "cleanup";
    }
    return "unknown";
}

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
            return Command::await_verdict;
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
