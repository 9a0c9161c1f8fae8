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

std::optional<Command> command_of_upload(const UploadProgress& upload) {
    if (upload.upload_id.empty()) return Command::open_upload;
    if (upload.etags.size() < upload.parts_total) return Command::upload_parts;
    if (!upload.completed) return Command::complete_upload;
    return std::nullopt;
}

Command command_in_training(const Job& job) {
    if (!job.training.artifact) return Command::train;
    if (const auto command = command_of_upload(job.upload)) return *command;
    return job.outcome.submit ? Command::await_submit : Command::send_submit;
}

Command command_in_submitted(const Job& job) {
    if (!job.evidence.block_hash) return Command::await_draw;
    if (!job.evidence.file) return Command::pack_evidence;
    return command_of_upload(job.evidence.upload).value_or(Command::await_verdict);
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
        case Command::await_draw:
            return "await_draw";
        case Command::pack_evidence:
            return "pack_evidence";
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
            return command_in_submitted(job);
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
