#include "storage/dump_loader.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "runtime/durable_file.hpp"

namespace emeth::storage {
namespace {

namespace fs = std::filesystem;

fs::path growing(const fs::path& folder) {
    return folder.string() + ".loading";
}

}  // namespace

Result<std::unique_ptr<DumpLoader>> DumpLoader::open(const fs::path& folder) {
    std::error_code failed;
    if (fs::exists(folder / "CURRENT", failed))
        return permanent_error(
            fmt::format("there is a store in {} already: load into an empty data folder", folder.string()));
    fs::remove_all(growing(folder), failed);
    auto store = BulkLoad::open(growing(folder));
    if (store.has_error()) return store.error();
    return std::unique_ptr<DumpLoader>(new DumpLoader(folder, DumpIntake(std::move(*store))));
}

Result<void> DumpLoader::add(std::string_view line) {
    return intake_->add(line);
}

Result<DumpLoader::Loaded> DumpLoader::finish() {
    const Result<Loaded> loaded = intake_->finish();
    if (loaded.has_error()) return loaded.error();
    intake_.reset();
    if (const Result<void> moved = publish_file(growing(folder_), folder_); moved.has_error()) return moved.error();
    return loaded;
}

void DumpLoader::abandon() {
    intake_.reset();
    std::error_code ignored;
    fs::remove_all(growing(folder_), ignored);
}

}  // namespace emeth::storage
