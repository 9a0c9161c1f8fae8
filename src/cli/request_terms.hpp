// The flags that describe a JOB to request, shared by `emeth request` and `emeth requester`.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "network/requester/requester.hpp"

namespace emeth::cli {

struct RequestTerms {
    std::string language = "en", model, gas_price = "2", fee_min = "20";
    std::uint32_t epochs = 2;
    std::int64_t deadline_in_s = 6 * 3600;

    void add_to(CLI::App& command);
    /// Error names the flag.
    [[nodiscard]] Result<network::JobRequest> job_request() const;
};

}  // namespace emeth::cli
