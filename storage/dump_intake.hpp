// What a dump's lines say, checked one after the other and added to a new store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/result.hpp"
#include "storage/bulk_load.hpp"

namespace emeth::storage {

/// Not thread-safe; all calls block.
class DumpIntake {
public:
    /// The longest record, a JOB with its upload's parts, has a tenth of it.
    static constexpr std::size_t line_bytes_max = 16 << 20;

    struct Loaded {
        std::uint64_t lines = 0, jobs = 0, history_entries = 0, transactions = 0;
    };

    /// Into an empty store.
    explicit DumpIntake(std::unique_ptr<BulkLoad> store);
    DumpIntake(DumpIntake&&) noexcept;
    ~DumpIntake();

    /// The next line, without its line break. Errors (permanent) begin with "line 17": what does not parse, does not
    /// belong there, or does not follow from the JOB's history. After an Error nothing can be added.
    Result<void> add(std::string_view line);
    /// After the last line; the store is durable then. Error also when the dump is not complete.
    Result<Loaded> finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::storage
