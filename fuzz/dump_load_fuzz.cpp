// Dumps: any lines are refused with an error that names one of them, or make a store that can be read, and whose dump
// makes the same store again.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "storage/dump_lines.hpp"
#include "storage/dump_loader.hpp"
#include "storage/store.hpp"

namespace {

using namespace emeth::storage;
using emeth::Result;
using emeth::fuzz::require;
namespace fs = std::filesystem;

constexpr std::size_t lines_max = 100;

/// A folder of this process, which is removed at its end.
class Folder {
public:
    Folder() : path_(fs::temp_directory_path() / ("emeth-fuzz-" + std::to_string(::getpid()))) {}
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] fs::path empty() const {
        fs::remove_all(path_);
        fs::create_directories(path_);
        return path_ / "store";
    }

private:
    fs::path path_;
};

/// Adds each line of `text`, which ends with a line break.
Result<void> add_lines(DumpLoader& loader, std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (Result<void> added = loader.add(text.substr(0, end)); added.has_error()) return added;
        text.remove_prefix(end + 1);
    }
    return {};
}

/// The dump of what the dump makes.
Result<std::string> loaded(const std::string& dump) {
    static const Folder folder;
    const fs::path store = folder.empty();
    auto loader = DumpLoader::open(store);
    require(loader.has_value(), "a store can be made");
    if (const Result<void> added = add_lines(**loader, dump); added.has_error()) {
        (*loader)->abandon();
        return added.error();
    }
    if (const auto finished = (*loader)->finish(); finished.has_error()) return finished.error();
    loader->reset();
    const auto opened = NodeStore::open(store, OpenMode::read_only);
    require(opened.has_value(), "a store that was loaded opens");
    const auto verification = (*opened)->inspection().verify();
    require(verification.has_value(), "a store that was loaded can be read");
    std::string text;
    const auto dumped = (*opened)->inspection().dump([&](std::string_view lines) { text += lines; });
    require(dumped.has_value(), "a store that was loaded is dumped");
    return text;
}

/// The lines of the input as a dump; empty if there are too many.
std::string framed(std::string_view input) {
    std::string dump = dump_first_line();
    std::size_t lines = 1;
    for (std::size_t begin = 0; begin < input.size(); ++lines) {
        const std::size_t end = std::min(input.find('\n', begin), input.size());
        dump.append(input.substr(begin, end - begin)).push_back('\n');
        begin = end + 1;
    }
    return lines > lines_max ? std::string() : dump + dump_last_line(lines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string dump = framed(emeth::fuzz::text_of(data, size));
    if (dump.empty()) return 0;
    const Result<std::string> first = loaded(dump);
    if (first.has_error()) {
        require(first.error().message.starts_with("line "), "an error names the line");
        return 0;
    }
    const Result<std::string> second = loaded(*first);
    require(second.has_value() && *second == *first, "a dump makes the store that it was made of");
    return 0;
}
