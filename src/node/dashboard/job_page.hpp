// What the page of one JOB shows, from the store: also of a JOB that has ended.
#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "runtime/result.hpp"
#include "storage/job_store.hpp"

namespace emeth::node {

/// Older entries of a longer history are only counted.
inline constexpr std::size_t page_history_max = 1'000;

/// {"why", "record" (as `emeth state dump` writes it), "timeline": [{"state", "atMs"}], "historyTotal", "history":
/// [{"number", "atMs", "from", "to", "event", "text", "refused"?}], "transactions": [{"kind", "hash", "nonce"?,
/// "block"?, "confirmed"}], "losses": [{"step", "epoch", "loss", "atMs"}]}; times are unix milliseconds. Pure.
boost::json::object job_page(const statemachine::Job& job, const std::vector<storage::HistoryEntry>& history,
                             std::int64_t now_unix_ms);

/// None: the store does not know the JOB. Blocks.
Result<std::optional<boost::json::object>> read_job_page(storage::JobStore& jobs, const JobId& id,
                                                         std::int64_t now_unix_ms);

}  // namespace emeth::node
