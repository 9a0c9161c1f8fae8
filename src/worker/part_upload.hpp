// Uploads one part of a file to a signed URL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::worker {

/// The file to put, and the name of this effect among the failpoints (runtime/failpoint.hpp).
struct PartSource {
    std::filesystem::path file;
    std::uint64_t bytes = 0;
    std::string_view effect;
};

/// Puts part `part`, counted from 1; returns the ETag from the Storage API's answer.
Task<Result<std::string>> put_part(PartSource source, std::uint32_t part, std::string url_text,
                                   Milliseconds idle_timeout);

}  // namespace emeth::worker
