// What a node remembers in addition to its JOBs and transactions: cursors, and why JOBs were not taken. All calls block
// (the node makes them on the blocking pool) and are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::storage {

/// Why a JOB was not taken.
struct RefusedJob {
    JobId id;
    std::int64_t at_unix_ms = 0;
    std::string reason;
    /// How often in a row it could not be looked at (its dataset is missing, a server fails), and when it will be
    /// looked at again; 0 for a JOB that was looked at and refused.
    std::uint32_t failures = 0;
    std::int64_t next_look_at_unix_ms = 0;
};

class Notes {
public:
    /// How many of the newest refusals are kept.
    static constexpr std::size_t refusals_max = 10'000;

    Notes() = default;
    Notes(const Notes&) = delete;
    Notes& operator=(const Notes&) = delete;
    virtual ~Notes() = default;

    /// Small named durable values ("withdraw/20415", "known_network", …).
    virtual Result<std::optional<std::string>> cursor(std::string_view key) = 0;
    virtual Result<void> set_cursor(std::string_view key, std::string_view value) = 0;

    /// May be lost in a power cut: the JOB is refused again the next time it is assessed.
    virtual Result<void> put_refusal(const RefusedJob& refusal) = 0;
    /// Oldest first.
    virtual Result<std::vector<RefusedJob>> refusals() = 0;
};

}  // namespace emeth::storage
