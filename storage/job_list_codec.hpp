// The records of a JOB info server's store as bytes (job_list.proto).
#pragma once

#include <string>
#include <string_view>

#include "storage/job_list.hpp"

namespace emeth::storage {

std::string encode_listed_job(const IndexedJob& job);
/// Permanent Error: the payload is none.
Result<IndexedJob> decode_listed_job(const JobId& id, std::string_view payload);

struct ListState {
    std::optional<ListIdentity> identity;
    ListPosition position;
    std::array<std::uint64_t, listed_status_count> counts{};
};

std::string encode_list_state(const ListState& state);
Result<ListState> decode_list_state(std::string_view payload);

}  // namespace emeth::storage
