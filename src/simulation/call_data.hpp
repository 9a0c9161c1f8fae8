// The node's calls of the contracts, read back from their ABI-encoded data. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "chain/chain.hpp"

namespace emeth::simulation {

/// "approve", "process", "submit", "decline" or "withdraw"; empty for any other call.
std::string_view call_name(const chain::Bytes& data);
/// The JOB that the call begins with; zero if the data is too short.
JobId job_of(const chain::Bytes& data);
/// The argument at `index`; zero if the data is too short.
Wei word(const chain::Bytes& data, std::size_t index);
/// What a submit hands in, of less than 256 bytes; empty if the data is too short.
std::string result_of(const chain::Bytes& data);

}  // namespace emeth::simulation
