// What a client asks of GET /api/v1/jobs. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "http/refusal.hpp"
#include "runtime/clock.hpp"
#include "storage/job_list.hpp"

namespace emeth::network {

inline constexpr std::size_t answer_jobs_max = 10'000;
inline constexpr std::int64_t wait_s_max = 60;

struct ListQuery {
    std::optional<JobId> id;  ///< set: the list is this JOB, if it is one that the rest allows
    storage::JobQuery jobs;
    std::optional<Milliseconds> wait;  ///< for a change of the answer
};

/// Unknown parameters are ignored. A refusal names the parameter, its value, and what is allowed.
http::OrRefusal<ListQuery> read_list_query(const std::map<std::string, std::string>& query);

/// The same for all queries with the same answer.
std::string canonical_text(const ListQuery& query);

}  // namespace emeth::network
