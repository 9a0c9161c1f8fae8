// The views of EmethCore that return tuples: answers of eth_call as values. Pure.
#pragma once

#include <span>

#include "chain/chain.hpp"
#include "runtime/result.hpp"

namespace emeth::chain {

/// `answer` is what eth_call returned; it may be anything. Permanent Error naming the field.
Result<JobRecord> decode_job(const JobId& id, std::span<const std::uint8_t> answer);
Result<JobDetails> decode_job_details(const JobId& id, std::span<const std::uint8_t> answer);
Result<JobAssign> decode_job_assign(const JobId& id, std::span<const std::uint8_t> answer);

}  // namespace emeth::chain
