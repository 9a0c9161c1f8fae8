#include "harness/scratch_folder.hpp"

#include <fmt/format.h>

#include <system_error>

#include "runtime/durable_file.hpp"

namespace emeth::harness {

Result<void> empty_scratch_folder(const std::filesystem::path& folder, const std::string& owner) {
    const auto marker = folder / ("emeth-" + owner);
    if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder) && !std::filesystem::exists(marker))
        return permanent_error(
            fmt::format("{} was not made by emeth {}: choose an empty folder with --data", folder.string(), owner));
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) return transient_error(fmt::format("cannot empty {}: {}", folder.string(), error.message()));
    if (auto made = create_folder(folder, 0700); made.has_error()) return made;
    return write_file_durably(marker, fmt::format("made by emeth {}; emptied by the next one\n", owner));
}

}  // namespace emeth::harness
