// One part of a file, put by a signed URL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::worker {

/// What is put, and under which name the effect is known (runtime/failpoint.hpp).
struct PartSource {
    std::filesystem::path file;
    std::uint64_t bytes = 0;
    std::string_view effect;
};

/// Part `part`, from 1: the ETag with which the Storage API answered.
Task<Result<std::string>> put_part(PartSource source, std::uint32_t part, std::string url_text,
                                   Milliseconds idle_timeout);

}  // namespace emeth::worker
