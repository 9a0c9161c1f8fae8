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
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "runtime/result.hpp"
#include "storage/dump_intake.hpp"

namespace emeth::storage {

/// Not thread-safe; all calls block.
class DumpLoader {
public:
    static constexpr std::size_t line_bytes_max = DumpIntake::line_bytes_max;
    using Loaded = DumpIntake::Loaded;

    /// Error (permanent): there is a store in `folder` already, or it cannot be made.
    static Result<std::unique_ptr<DumpLoader>> open(const std::filesystem::path& folder);
    DumpLoader(const DumpLoader&) = delete;
    DumpLoader& operator=(const DumpLoader&) = delete;

    /// As of DumpIntake.
    Result<void> add(std::string_view line);
    /// After the last line. Error also when the dump is not complete.
    Result<Loaded> finish();
    /// Deletes what was loaded so far.
    void abandon();

private:
    DumpLoader(std::filesystem::path folder, DumpIntake intake)
        : folder_(std::move(folder)), intake_(std::move(intake)) {}

    std::filesystem::path folder_;
    std::optional<DumpIntake> intake_;  ///< until it is finished or abandoned
};

}  // namespace emeth::storage
