// The keys of a JOB info server's store (job_list.hpp) in family "meta": one for each list that a JOB is in, ordered as
// it is listed. All end with the JOB's id and have no payload.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/job_list.hpp"

namespace emeth::storage {

inline constexpr std::string_view list_state_key = "list";
inline constexpr std::string_view lookup_prefix = "lookup/";

/// Of the list that answers a query, without regard to `after`.
std::string list_prefix(const JobQuery& query);
/// Of `job` in that list.
std::string list_key(const JobQuery& query, const IndexedJob& job);
/// Of `job` in every list that it is in.
std::vector<std::string> list_keys(const IndexedJob& job);

/// Of the JOBs by seen_block.
std::string seen_prefix();
std::string seen_key(std::uint64_t block);

std::string lookup_key(const Lookup& lookup);
std::optional<Lookup> lookup_of_key(std::string_view key);

/// The id at the end of such a key.
std::optional<JobId> listed_job_of_key(std::string_view key);

}  // namespace emeth::storage
