// What a requester should know about a JOB before it pays for it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/requester/dataset_survey.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// What a JOB would cost, by the contract.
struct Quote {
    std::uint64_t dataset_bytes = 0;
    std::uint64_t gas = 0;
    Wei fee;           ///< EMT wei
    Wei verifier_fee;  ///< EMT wei, what the verifier gets of the fee
};

/// "1048576 bytes, UTF-8, 20345 lines, the longest of 80 bytes, 93% Japanese characters".
std::string survey_text(const DatasetSurvey& survey);

/// Seconds that training takes at the speed that the network publishes (one RTX 3080).
std::int64_t reference_time_s(std::uint64_t gas, std::uint32_t epochs);

/// A permanent Error when nobody takes so few bytes.
Result<void> check_dataset_bytes(std::uint64_t bytes);
/// A permanent Error when the verifier cannot be paid out of the fee.
Result<void> check_quote(const Quote& quote);

/// What is probably not meant, a sentence each, with its remedy.
std::vector<std::string> warnings_about_dataset(const DatasetSurvey& survey, const std::string& language);
/// The same about a deadline so many seconds ahead.
std::vector<std::string> warnings_about_deadline(const Quote& quote, std::uint32_t epochs, std::int64_t deadline_in_s);

}  // namespace emeth::network
