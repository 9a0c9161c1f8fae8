// What a verifier keeps of a JOB, <folder>/<JOB id without 0x>/: what it fetched (kept_file.hpp), what its trainer
// computed (scratch/), and the verdict until it is sent.
#pragma once

#include <filesystem>
#include <optional>

#include "chain/chain.hpp"
#include "network/verifier/job_check.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::network {

std::filesystem::path job_folder(const std::filesystem::path& folder, const JobId& id);
/// Only of a JOB that has ended: not of one that the endpoint does not know, or not yet.
bool may_be_removed(const chain::JobRecord& job);
/// Best effort: what is left is removed by the next process.
void remove_job_folder(const std::filesystem::path& folder, const JobId& id);

/// What a verdict is on. It counts for nothing else: not for the draw of another block, and not for other rules, which
/// an operator may have set right meanwhile.
struct Judged {
    JobId job;
    Hash256 submit_block;
    trainer_protocol::NetworkRules rules;
};

/// The text of the record, with a digest of itself.
std::string verdict_record(const Judged& judged, const Verdict& verdict);
/// None if it is damaged, or on anything else.
std::optional<Verdict> recorded_verdict(std::string_view record, const Judged& judged);

/// A verdict is durable before it is sent: it may have taken hours.
Result<void> keep_verdict(const std::filesystem::path& folder, const Judged& judged, const Verdict& verdict);
/// Whether there is one, on whatever.
bool has_verdict(const std::filesystem::path& folder);
std::optional<Verdict> find_verdict(const std::filesystem::path& folder, const Judged& judged);

}  // namespace emeth::network
