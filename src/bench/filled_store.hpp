// Stores with a long past, for measurements.
#pragma once

#include <cstdint>
#include <filesystem>

#include "runtime/result.hpp"

namespace emeth::bench {

/// Of every JOB of finished_life().
inline constexpr std::uint64_t transactions_a_job = 3;

/// Whether the disk of the current folder has room for so many JOBs; the Error says what is needed.
Result<void> check_room(std::uint64_t jobs);

/// A new store with finished_life(0) to finished_life(`jobs` - 1); shows its progress.
Result<void> fill_store(const std::filesystem::path& store, std::uint64_t jobs);

}  // namespace emeth::bench
