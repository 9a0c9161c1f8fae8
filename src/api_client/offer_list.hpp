// The JOB info server's answer, as a node reads it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api_client/listed_job.hpp"
#include "runtime/result.hpp"

namespace emeth::api_client {

struct OfferList {
    std::vector<JobOffer> offers;  ///< each JOB once
    std::size_t unreadable = 0;    ///< entries that were left out
    std::string first_reason;      ///< why the first of them was
};

inline constexpr std::size_t offer_list_bytes_max = 32 << 20;
inline constexpr std::string_view offer_list_name = "the JOB info server's list";

/// Of the first `offers_max` entries. A transient Error for what is no JSON array: the server may be repaired.
Result<OfferList> read_offer_list(std::string_view body, std::size_t offers_max);

}  // namespace emeth::api_client
