// A JOB as the JOB info server lists it: what the server writes, and what a node reads of it.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::api_client {

/// For JOBs with status N, append ?status=N.
inline constexpr std::string_view jobs_path = "/api/v1/jobs";

struct ListedJob {
    JobId id;
    Address owner;
    std::uint64_t status = 0;  ///< as on chain
    std::uint64_t program_id = 0;
    std::string dataset;
    std::string param;
    std::uint64_t dataset_bytes = 0;
    Wei fee;
    std::int64_t deadline_unix_s = 0;
    std::optional<Address> node;
    Wei deposit;                           ///< of `node`
    std::int64_t requested_at_unix_s = 0;  ///< this and the following: 0 if it has not happened yet
    std::int64_t started_at_unix_s = 0;
    std::int64_t submitted_at_unix_s = 0;
    std::int64_t verified_at_unix_s = 0;
    std::optional<std::string> verdict_reason{};  ///< of a FAILED JOB, as the verifier gave it; none: not known
};

/// {id, owner, status, programId, datasetPath, param, datasetSize, fee, deadline, node?, deposit?, requestedAt?,
/// startedAt?, submittedAt?, verifiedAt?, verdictReason?}: amounts as decimal strings of wei, times in unix seconds.
boost::json::object to_json(const ListedJob& job);

/// What a node reads about a JOB that waits for one. Only the id matters: the rest is a hint for the order in which the
/// node looks at what the chain says, so a number may also come as a string or the reverse, and is 0 if it is neither.
struct JobOffer {
    JobId id;
    Wei fee;
    std::uint64_t dataset_bytes = 0;
    std::int64_t deadline_unix_s = 0;
    std::optional<Address> owner{};
};

/// An Error if there is no id; `list` names the answer in it.
Result<JobOffer> read_offer(const boost::json::value& entry, std::string_view list);

}  // namespace emeth::api_client
