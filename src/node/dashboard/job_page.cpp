#include "node/dashboard/job_page.hpp"

#include <boost/json/array.hpp>

#include "runtime/utf8.hpp"
#include "statemachine/transition.hpp"
#include "storage/job_json.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using boost::json::array;
using boost::json::object;
using storage::HistoryEntry;

constexpr std::size_t text_bytes_max = 2'000;

object entry_json(const HistoryEntry& entry) {
    object json{{"number", entry.sequence},
                {"atMs", entry.event.at_unix_ms},
                {"from", sm::name(entry.from)},
                {"to", sm::name(entry.to)},
                {"event", sm::name(entry.event.body)},
                {"text", one_line(sm::describe(entry.event.body), text_bytes_max)}};
    if (entry.rejection) json["refused"] = one_line(entry.rejection->reason, text_bytes_max);
    return json;
}

/// The states in the order in which they were entered.
array timeline_json(const std::vector<HistoryEntry>& history) {
    array timeline;
    for (const HistoryEntry& entry : history)
        if (timeline.empty() || entry.from != entry.to)
            timeline.push_back(object{{"state", sm::name(entry.to)}, {"atMs", entry.event.at_unix_ms}});
    return timeline;
}

/// Of the checkpoints, which is what the store keeps of a run.
array losses_json(const std::vector<HistoryEntry>& history) {
    array losses;
    for (const HistoryEntry& entry : history) {
        const auto* saved = std::get_if<sm::CheckpointSaved>(&entry.event.body);
        if (saved == nullptr || entry.rejection) continue;
        losses.push_back(object{{"step", saved->checkpoint.step},
                                {"epoch", saved->checkpoint.epoch},
                                {"loss", saved->checkpoint.loss},
                                {"atMs", entry.event.at_unix_ms}});
    }
    return losses;
}

void add_transaction(array& list, std::string_view kind, const std::optional<sm::TxRef>& transaction,
                     const std::optional<sm::TxRef>& confirmed_with) {
    if (!transaction) return;
    object json{{"kind", kind},
                {"hash", transaction->hash.hex()},
                {"nonce", transaction->nonce},
                {"confirmed", confirmed_with && confirmed_with->block > 0}};
    if (transaction->block > 0) json["block"] = transaction->block;
    list.push_back(std::move(json));
}

array transactions_json(const sm::Job& job) {
    const auto& submit = job.outcome.submit;
    const auto& decline = job.outcome.decline;
    array list;
    add_transaction(list, "approve", job.deposit.approve, job.deposit.process);  // its own block is not recorded
    add_transaction(list, "process", job.deposit.process, job.deposit.process);
    add_transaction(list, "submit", submit, submit);
    add_transaction(list, "decline", decline, decline);
    add_transaction(list, "verdict", job.outcome.verdict, job.outcome.verdict);
    if (job.outcome.verdict) list.back().as_object().erase("nonce");  // it is somebody else's
    return list;
}

}  // namespace

object job_page(const sm::Job& job, const std::vector<HistoryEntry>& history, std::int64_t now_unix_ms) {
    array entries;
    const std::size_t left_out = history.size() - std::min(history.size(), page_history_max);
    for (std::size_t i = left_out; i < history.size(); ++i) entries.push_back(entry_json(history[i]));
    return {{"why", one_line(sm::why(job, now_unix_ms), text_bytes_max)},
            {"record", storage::job_json(job)},
            {"timeline", timeline_json(history)},
            {"historyTotal", history.size()},
            {"history", std::move(entries)},
            {"transactions", transactions_json(job)},
            {"losses", losses_json(history)}};
}

Result<std::optional<object>> read_job_page(storage::JobStore& jobs, const JobId& id, std::int64_t now_unix_ms) {
    const Result<std::optional<sm::Job>> job = jobs.find(id);
    if (job.has_error()) return job.error();
    if (!job->has_value()) return std::optional<object>();
    const Result<std::vector<HistoryEntry>> history = jobs.history(id);
    if (history.has_error()) return history.error();
    return std::optional(job_page(**job, *history, now_unix_ms));
}

}  // namespace emeth::node
