#include "cli/state_print.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "chain/amount.hpp"
#include "runtime/clock.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/amount_text.hpp"
#include "statemachine/transition.hpp"

namespace emeth::cli {

namespace {

using statemachine::Job;

void field(std::string_view name, const std::string& value) {
    fmt::print("{:<14} {}\n", name, one_line(value));
}

std::string transaction_text(const std::optional<statemachine::TxRef>& transaction) {
    if (!transaction) return "-";
    if (transaction->block == 0)
        return fmt::format("{} (nonce {}, not confirmed)", transaction->hash.hex(), transaction->nonce);
    return fmt::format("{} (nonce {}, block {})", transaction->hash.hex(), transaction->nonce, transaction->block);
}

void print_training(const Job& job) {
    if (job.lease.number > 0)
        field("lease", fmt::format("{} of worker {}{}", job.lease.number, job.lease.worker.hex(),
                                   job.lease.active ? "" : " (ended)"));
    if (job.dataset.sha256)
        field("dataset", fmt::format("{} bytes, {} tokens, {} steps, sha256 {}", job.dataset.bytes, job.dataset.tokens,
                                     job.dataset.steps_total, job.dataset.sha256->hex()));
    if (const auto& checkpoint = job.training.checkpoint)
        field("checkpoint",
              fmt::format("epoch {}, step {}, loss {:.4f}", checkpoint->epoch, checkpoint->step, checkpoint->loss));
    if (const auto& artifact = job.training.artifact) {
        field("artifact", fmt::format("{} bytes, sha256 {}", artifact->bytes, artifact->sha256.hex()));
        field("losses", fmt::format("by epoch {:.4f}; validation {:.4f}", fmt::join(artifact->epoch_losses, ", "),
                                    artifact->validation_loss));
    }
    if (!job.upload.upload_id.empty())
        field("upload", fmt::format("{}: {} of {} parts{}", job.upload.file_name, job.upload.etags.size(),
                                    job.upload.parts_total, job.upload.completed ? ", complete" : ""));
}

}  // namespace

std::string utc_text(std::int64_t unix_ms) {
    const auto milliseconds = unix_ms % 1000;
    return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)),
                       milliseconds);
}

Result<void> print_list(storage::JobStore& jobs, bool json) {
    const auto now = system_clock().unix_ms();
    if (!json) fmt::print("{:<34}  {:<11}  {:<23}  {:>8}  {}\n", "JOB", "state", "since (UTC)", "fee EMT", "why");
    return jobs.for_each([&](const Job& job) {
        const auto reason = statemachine::why(job, now);
        if (json)
            fmt::print("{}\n", json_text(boost::json::object{{"id", job.terms.id.hex()},
                                                             {"state", statemachine::name(job.state)},
                                                             {"entered_at_unix_ms", job.entered_at_unix_ms},
                                                             {"why", reason}}));
        else
            fmt::print("{:<34}  {:<11}  {:<23}  {:>8}  {}\n", job.terms.id.hex(), statemachine::name(job.state),
                       utc_text(job.entered_at_unix_ms), chain::format_coins(job.terms.fee), one_line(reason));
        return true;
    });
}

void print_job(const Job& job) {
    field("JOB", job.terms.id.hex());
    field("state", fmt::format("{} since {} UTC", statemachine::name(job.state), utc_text(job.entered_at_unix_ms)));
    field("why", statemachine::why(job, system_clock().unix_ms()));
    field("owner", job.terms.owner.hex());
    field("program", std::to_string(job.terms.program_id));
    field("dataset key", fmt::format("{} ({} bytes announced)", job.terms.dataset, job.terms.dataset_bytes));
    field("param", job.terms.param);
    field("fee", chain::format_coins(job.terms.fee) + " EMT");
    field("deposit", chain::format_coins(job.deposit.deposit) + " EMT");
    field("deadline", utc_text(job.terms.deadline_unix_s * 1000) + " UTC, chain time");
    field("process", transaction_text(job.deposit.process));
    print_training(job);
    field("submit", transaction_text(job.outcome.submit));
    if (job.outcome.gas > 0) field("gas", fmt::format("{} in slot {}", job.outcome.gas, job.outcome.slot));
    if (job.state == statemachine::State::verified) field("received", emt_text(job.outcome.paid));
    if (job.outcome.penalty != Wei{}) field("penalty", emt_text(job.outcome.penalty));
    if (job.retry.crashes > 0)
        field("crashes",
              fmt::format("{} of the master in a row at this JOB, without progress between", job.retry.crashes));
    field("restarts", fmt::format("{} of the master; training continued from a checkpoint {} times", job.restarts,
                                  job.training.resumes));
}

void print_history(const Job& job, const std::vector<storage::HistoryEntry>& entries) {
    fmt::print("JOB {}: {} EMT for {} bytes\n", job.terms.id.hex(), chain::format_coins(job.terms.fee),
               job.terms.dataset_bytes);
    for (const auto& entry : entries) {
        const std::string state = entry.from == entry.to ? std::string(statemachine::name(entry.to))
                                                         : fmt::format("{} → {}", statemachine::name(entry.from),
                                                                       statemachine::name(entry.to));
        fmt::print("{:>4}  {}  {:<25}  {}", entry.sequence, utc_text(entry.event.at_unix_ms), state,
                   one_line(statemachine::describe(entry.event.body)));
        if (entry.rejection) fmt::print("  [not applied: {}]", one_line(entry.rejection->reason));
        fmt::print("\n");
    }
}

Result<void> print_dump_of(storage::NodeStore& store, const JobId& id) {
    const auto text = id.hex();
    return store.dump([&text](std::string_view line) {
        if (line.find(text) != std::string_view::npos) fmt::print("{}\n", line);
    });
}

}  // namespace emeth::cli
