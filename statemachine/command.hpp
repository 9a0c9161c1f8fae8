// Commands are the work that a JOB needs next. They carry no data: everything that the work needs is in the record, so
// the command of an active JOB can be derived again at any moment, even after a crash.
#pragma once

#include <cstdint>
#include <string_view>

namespace emeth::statemachine {

enum class Command : std::uint8_t {
    send_process,     ///< sign process, behind an approve where one is needed, commit DepositSigned, broadcast
    await_process,    ///< process is in the outbox: wait until its receipt is deep enough
    lease_worker,     ///< wait for an idle worker, commit LeaseGranted
    download,         ///< have the leased worker fetch and tokenise; until DatasetReady
    train,            ///< have the leased worker train; until TrainingFinished
    open_upload,      ///< open a multipart upload for the current lease: of the artifact or, in `submitted`, of the
                      ///< evidence
    upload_parts,     ///< have the worker put the missing parts
    complete_upload,  ///< compare size and digest, complete
    send_submit,      ///< sign submit, commit SubmitSigned, broadcast
    await_submit,     ///< wait for its receipt
    await_draw,       ///< wait until the submit's block has drawn the segments to show, commit EvidenceDrawn
    pack_evidence,    ///< have the worker that trained pack their states
    await_verdict,    ///< wait for VERIFIED, FAILED or TIMEOUT, deep enough
    send_decline,     ///< sign decline, commit DeclineSigned, broadcast
    await_decline,    ///< wait for its receipt
    cleanup,          ///< an end was reached: tell the worker, delete the files; nothing durable depends on it
};

constexpr std::string_view name(Command command) {
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

}  // namespace emeth::statemachine
