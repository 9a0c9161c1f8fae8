// Dumps: any lines are refused with an error that names one of them, or make a store that can be read, and whose dump
// makes the same store again.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/property.hpp"
#include "simulation/simulated_environment.hpp"
#include "simulation/volatile_file_system.hpp"
#include "storage/dump_intake.hpp"
#include "storage/dump_lines.hpp"
#include "storage/rocks_database.hpp"
#include "storage/store.hpp"

namespace {

using namespace emeth::storage;
namespace simulation = emeth::simulation;
using emeth::Result;
using emeth::fuzz::require;

constexpr std::size_t lines_max = 100;

/// Adds each line of `text`, which ends with a line break.
Result<void> add_lines(DumpIntake& intake, std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (Result<void> added = intake.add(text.substr(0, end)); added.has_error()) return added;
        text.remove_prefix(end + 1);
    }
    return {};
}

/// The dump of what the dump makes. The stores are in memory, where nothing waits for a disk.
Result<std::string> loaded(const std::string& dump) {
    constexpr const char* folder = "/store";
    constexpr std::size_t write_buffer_bytes = 64 << 10;
    simulation::SimulatedEnvironment environment(std::make_shared<simulation::VolatileFileSystem>());
    const Platform platform{&environment, std::make_shared<simulation::NoInfoLog>(), write_buffer_bytes, 1};
    auto store = BulkLoad::open(folder, platform);
    require(store.has_value(), "a store can be made");
    {
        DumpIntake intake(std::move(*store));
        if (const Result<void> added = add_lines(intake, dump); added.has_error()) return added.error();
        if (const auto finished = intake.finish(); finished.has_error()) return finished.error();
    }
    const auto opened = NodeStore::open(folder, OpenMode::read_write, platform);
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
