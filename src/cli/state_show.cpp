// emeth state show: all that the node knows of one JOB.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <set>

#include "chain/amount.hpp"
#include "chain/encoding/transaction.hpp"
#include "chain/gas.hpp"
#include "cli/job_timeline.hpp"
#include "cli/state_commands.hpp"
#include "cli/terminal.hpp"
#include "runtime/clock.hpp"
#include "runtime/utc_text.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/amount_text.hpp"
#include "statemachine/text.hpp"
#include "statemachine/transition.hpp"
#include "storage/signed_transactions.hpp"

namespace emeth::cli {

namespace {

using statemachine::Job;
using storage::HistoryEntry;
using storage::OutboxEntry;

constexpr const char* explanation =
    "Shows one JOB: record, timeline, transactions with what became of them, lease, transfers, losses, costs.\n\n"
    "Examples:\n"
    "  emeth state show 0x12ab34cd --data ./node\n"
    "  emeth state show 0x12ab34cd --json      its lines of `emeth state dump`\n";

struct ShowFlags : StateFlags {
    std::string job;
};

struct WholeJob {
    Job job;
    std::vector<HistoryEntry> history;
    std::vector<OutboxEntry> transactions;  ///< by nonce
};

void field(std::string_view name, const std::string& value) {
    const std::string begin = fmt::format("{:<13} ", name);
    if (value.empty()) return fmt::print("{}\n", begin);
    print_wrapped(begin, one_line(value));
}

void title(std::string_view name) {
    fmt::print("\n{}\n", name);
}

void print_record(const Job& job, std::int64_t now) {
    field("JOB", job.terms.id.hex());
    field("state", fmt::format("{} since {} UTC", statemachine::name(job.state), utc_text(job.entered_at_unix_ms)));
    field("why", statemachine::why(job, now));
    field("owner", job.terms.owner.hex());
    field("program", std::to_string(job.terms.program_id));
    field("dataset", fmt::format("{} ({} bytes announced)", job.terms.dataset, job.terms.dataset_bytes));
    field("param", job.terms.param);
    field("fee", to_tokens(job.terms.fee) + " EMT");
    field("deadline", utc_text(job.terms.deadline_unix_s * 1'000) + " UTC, chain time");
    if (job.restarts > 0) field("restarts", fmt::format("{} of the master", job.restarts));
    if (job.retry.crashes > 0)
        field("crashes",
              fmt::format("{} of the master in a row at this JOB, without progress between", job.retry.crashes));
}

void print_timeline(const WholeJob& whole, std::int64_t now) {
    title("timeline (UTC)");
    for (const Stay& stay : timeline(whole.history)) {
        const bool is_there = !stay.left_unix_ms;
        const std::string stayed = is_there && statemachine::is_end(stay.state)
                                       ? "end"
                                       : duration_text(stay.duration_ms(now) / 1'000) + (is_there ? " so far" : "");
        fmt::print("  {:<12} {}  {:>14}\n", statemachine::name(stay.state), utc_text(stay.entered_unix_ms), stayed);
    }
}

std::string became_of(const OutboxEntry& entry) {
    std::string text = entry.mined_block == 0 ? "not mined yet"
                       : entry.succeeded      ? fmt::format("succeeded in block {}", entry.mined_block)
                                              : fmt::format("failed or replaced, known by block {}", entry.mined_block);
    if (!entry.replacements.empty())
        text += fmt::format("; signed again {} times at a higher price", entry.replacements.size());
    return text;
}

void print_transactions(const WholeJob& whole) {
    if (whole.transactions.empty()) return;
    title("transactions");
    for (const OutboxEntry& entry : whole.transactions) {
        print_wrapped(fmt::format("  {:<12} ", storage::name(entry.kind)),
                      fmt::format("nonce {}, signed {} UTC: {}", entry.nonce, utc_text(entry.created_at_unix_ms),
                                  became_of(entry)));
        fmt::print("             {}\n", entry.mined_hash.value_or(entry.hash).hex());
    }
    if (const auto& verdict = whole.job.outcome.verdict) {
        fmt::print("  {:<12} block {}, of the verifier\n", "verdict", verdict->block);
        fmt::print("             {}\n", verdict->hash.hex());
    }
}

void print_upload(std::string_view name, const statemachine::UploadProgress& upload) {
    if (upload.upload_id.empty()) return;
    field(name, fmt::format("{}: {} of {} parts{}", upload.file_name, upload.etags.size(), upload.parts_total,
                            upload.completed ? ", complete" : ""));
}

void print_work(const Job& job) {
    if (job.lease.number == 0) return;
    title("work");
    field("  lease", fmt::format("{} of worker {}{}", job.lease.number, job.lease.worker.hex(),
                                 job.lease.active ? "" : " (ended)"));
    if (job.dataset.sha256)
        field("  fetched", fmt::format("{} bytes, {} tokens, {} steps to do; sha256 {}", job.dataset.bytes,
                                       job.dataset.tokens, job.dataset.steps_total, job.dataset.sha256->hex()));
    if (const auto& checkpoint = job.training.checkpoint)
        field("  checkpoint",
              fmt::format("step {} of {}, {} epochs finished; {} times continued from one", checkpoint->step,
                          job.dataset.steps_total, checkpoint->epoch, job.training.resumes));
    if (const auto& artifact = job.training.artifact)
        field("  artifact", fmt::format("{} bytes, sha256 {}", artifact->bytes, artifact->sha256.hex()));
    print_upload("  upload", job.upload);
    if (job.evidence.block_hash) field("  drawn", fmt::format("segments {}", fmt::join(job.evidence.segments, ", ")));
    print_upload("  evidence", job.evidence.upload);
}

std::string losses_text(const std::vector<double>& losses) {
    std::string text;
    for (const double loss : losses) text += (text.empty() ? "" : ", ") + statemachine::loss_text(loss);
    return text;
}

void print_losses(const Job& job) {
    if (!job.training.checkpoint && !job.training.artifact) return;
    title("losses");
    if (const auto& checkpoint = job.training.checkpoint)
        field("  training", fmt::format("{} at step {}", statemachine::loss_text(checkpoint->loss), checkpoint->step));
    if (const auto& artifact = job.training.artifact) {
        field("  by epoch", losses_text(artifact->epoch_losses));
        field("  validation", statemachine::loss_text(artifact->validation_loss));
    }
}

/// What the mined transactions may have used at most: what they used stands in their receipts, which are not kept.
Wei gas_money_at_most(const std::vector<OutboxEntry>& transactions) {
    Wei sum;
    for (const OutboxEntry& entry : transactions) {
        const auto decoded = chain::decode_transaction(entry.newest_raw());
        if (entry.mined_block == 0 || decoded.has_error()) continue;
        const chain::Transaction& transaction = decoded->transaction;
        sum = chain::saturating_sum(sum, chain::gas_money(transaction.fees.max_fee_per_gas, transaction.gas_limit));
    }
    return sum;
}

void print_money(const WholeJob& whole) {
    const Job& job = whole.job;
    title("money");
    field("  deposit",
          to_tokens(job.deposit.deposit) + " EMT" + (statemachine::holds_deposit(job.state) ? ", locked" : ""));
    if (job.state == statemachine::State::verified) {
        field("  received", emt_text(job.outcome.paid));
        field("  gas", fmt::format("{} in slot {}", job.outcome.gas, job.outcome.slot));
    }
    if (job.outcome.penalty != Wei{}) field("  penalty", emt_text(job.outcome.penalty));
    if (const Wei gas = gas_money_at_most(whole.transactions); gas != Wei{})
        field("  chain gas", fmt::format("at most {} ALT", to_tokens(gas)));
}

Result<WholeJob> read(storage::NodeStore& store, Job job) {
    auto history = store.jobs().history(job.terms.id);
    if (history.has_error()) return history.error();
    WholeJob whole{std::move(job), std::move(*history), {}};
    std::set<std::uint64_t> nonces;
    for (const HistoryEntry& entry : whole.history)
        for (const auto& made : storage::transactions_of(entry)) nonces.insert(made.transaction.nonce);
    for (const std::uint64_t nonce : nonces) {
        auto entry = store.outbox().find(nonce);
        if (entry.has_error()) return entry.error();
        if (*entry) whole.transactions.push_back(std::move(**entry));
    }
    return whole;
}

Result<void> show(storage::NodeStore& store, const ShowFlags& flags) {
    auto job = find_job(store, flags, flags.job);
    if (job.has_error()) return job.error();
    if (flags.json)
        return store.inspection().dump_job(job->terms.id, [](std::string_view lines) { fmt::print("{}", lines); });
    const auto whole = read(store, std::move(*job));
    if (whole.has_error()) return whole.error();
    const auto now = system_clock().unix_ms();
    print_record(whole->job, now);
    print_timeline(*whole, now);
    print_transactions(*whole);
    print_work(whole->job);
    print_losses(whole->job);
    print_money(*whole);
    return {};
}

}  // namespace

void add_state_show(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("show", "one JOB: record, timeline, transactions, costs");
    command->footer(explanation);
    const auto flags = std::make_shared<ShowFlags>();
    flags->add_to(*command);
    flags->add_json(*command, "record, history and transactions as JSON lines");
    command->add_option("job", flags->job, "JOB id, or its first digits")->required()->type_name("JOBID");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            return inspect_store(*flags, [&](storage::NodeStore& store) { return show(store, *flags); });
        };
    });
}

}  // namespace emeth::cli
