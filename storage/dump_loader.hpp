// Makes a store from the lines of a dump.
//
//     auto loader = DumpLoader::open(store_folder);
//     for (each line) if (auto added = (*loader)->add(line); added.has_error()) { (*loader)->abandon(); … }
//     auto loaded = (*loader)->finish();
//
// The store appears under its name only once all of it is there and durable; until then it grows beside it, in a folder
// that the next load replaces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::storage {

/// Not thread-safe; all calls block.
class DumpLoader {
public:
    /// The longest record, a JOB with its upload's parts, has a tenth of it.
    static constexpr std::size_t line_bytes_max = 16 << 20;

    struct Loaded {
        std::uint64_t lines = 0, jobs = 0, history_entries = 0, transactions = 0;
    };

    /// Error (permanent): there is a store in `folder` already, or it cannot be made.
    static Result<std::unique_ptr<DumpLoader>> open(const std::filesystem::path& folder);
    DumpLoader(const DumpLoader&) = delete;
    DumpLoader& operator=(const DumpLoader&) = delete;
    ~DumpLoader();

    /// The next line, without its line break. Errors (permanent) begin with "line 17": what does not parse, does not
    /// belong there, or does not follow from the JOB's history. After an Error nothing can be added.
    Result<void> add(std::string_view line);
    /// After the last line. Error also when the dump is not complete.
    Result<Loaded> finish();
    /// Deletes what was loaded so far.
    void abandon();

private:
    struct Impl;
    explicit DumpLoader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::storage
