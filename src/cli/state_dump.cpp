// emeth state dump and load: a store as JSON lines, and back.
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/state_commands.hpp"
#include "node/data_folder.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/folder_lock.hpp"
#include "storage/dump_loader.hpp"

namespace emeth::cli {

namespace {

namespace fs = std::filesystem;
using storage::DumpLoader;

constexpr const char* dump_explanation =
    "Prints everything that the store holds, one JSON object a line; docs/OPERATIONS.md describes them.\n\n"
    "Examples:\n"
    "  emeth state dump --data ./node > node.jsonl\n"
    "  emeth state dump | jq 'select(.type == \"job\") | .state'\n";

constexpr const char* load_explanation =
    "Makes a store from a dump, or from the store of another data folder. Each history is replayed; whatever is wrong\n"
    "is told with the number of its line, and nothing is left then. A data folder that has a store is refused.\n"
    "Only one node may work with a wallet: never start the old folder again beside the new one.\n\n"
    "Examples:\n"
    "  emeth state load node.jsonl --data ./restored\n"
    "  zstd -dc node.jsonl.zst | emeth state load /dev/stdin --data ./restored\n";

void write_out(std::string_view lines) {
    if (std::fwrite(lines.data(), 1, lines.size(), stdout) != lines.size())
        throw ErrorException(transient_error(fmt::format("cannot write the output: {}", std::strerror(errno))));
}

Result<void> dump(storage::NodeStore& store) try {
    const storage::Inspection inspection = store.inspection();
    if (::isatty(STDOUT_FILENO) != 0) return inspection.dump(write_out);  // the lines show its progress
    const WatchedEffort watched(inspection, "dumping");
    return inspection.dump(write_out, watched.effort());
} catch (const ErrorException& failed) {
    return failed.error();
}

/// Cuts what it is given into lines and hands them to the loader. Throws ErrorException.
class LineFeed {
public:
    explicit LineFeed(DumpLoader& loader) : loader_(loader) {}

    void add(std::string_view block) {
        for (auto end = block.find('\n'); end != std::string_view::npos; end = block.find('\n')) {
            if (begun_.empty()) {
                loader_.add(block.substr(0, end)).value();
            } else {
                begun_ += block.substr(0, end);
                loader_.add(begun_).value();
                begun_.clear();
            }
            block.remove_prefix(end + 1);
        }
        begun_ += block;
        // The loader refuses a line of this length, and says which it is.
        if (begun_.size() > DumpLoader::line_bytes_max) loader_.add(begun_).value();
    }
    /// A last line may lack its line break.
    void finish() {
        if (!begun_.empty()) loader_.add(begun_).value();
    }

private:
    DumpLoader& loader_;
    std::string begun_;
};

void feed_file(const fs::path& file, LineFeed& feed) {
    constexpr std::size_t block_bytes = 1 << 20;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "re"), &std::fclose);
    if (!stream) throw ErrorException(errno_error("cannot open " + file.string(), errno));
    std::error_code unknown;
    const std::uint64_t bytes = fs::is_regular_file(file, unknown) ? fs::file_size(file, unknown) : 0;
    ProgressBar bar("loading", bytes, ProgressUnit::bytes, system_clock());
    std::vector<char> block(block_bytes);
    for (std::uint64_t done = 0;;) {
        const std::size_t read = std::fread(block.data(), 1, block.size(), stream.get());
        if (read == 0) break;
        feed.add({block.data(), read});
        bar.update(done += read);
    }
    if (std::ferror(stream.get()) != 0) throw ErrorException(errno_error("cannot read " + file.string(), errno));
    feed.finish();
}

void feed_folder(const fs::path& data, LineFeed& feed) {
    const auto store = storage::NodeStore::open(node::store_folder(data), storage::OpenMode::read_only);
    if (store.has_error()) throw ErrorException(store.error());
    const storage::Inspection inspection = (*store)->inspection();
    const WatchedEffort watched(inspection, "loading");
    inspection.dump([&](std::string_view lines) { feed.add(lines); }, watched.effort()).value();
}

struct LoadFlags : StateFlags {
    std::string source;
};

Result<DumpLoader::Loaded> load_into(DumpLoader& loader, const fs::path& source) try {
    LineFeed feed(loader);
    if (fs::is_directory(source))
        feed_folder(source, feed);
    else
        feed_file(source, feed);
    return loader.finish();
} catch (const ErrorException& wrong) {
    return wrong.error();
}

int load(const LoadFlags& flags) {
    if (const auto made = create_folder(flags.data, 0700); made.has_error())
        return fail("state load", made.error(), exit_unavailable);
    const auto lock = FolderLock::acquire(flags.data);
    if (lock.has_error()) return fail("state load", lock.error(), exit_unavailable);
    const auto loader = DumpLoader::open(node::store_folder(flags.data));
    if (loader.has_error()) return fail("state load", loader.error(), exit_usage);
    const auto loaded = load_into(**loader, flags.source);
    if (loaded.has_error()) {
        (*loader)->abandon();
        return fail("state load", in_context(flags.source, loaded.error()), exit_failed);
    }
    fmt::print("{} lines: {} JOBs with {} history entries, {} transactions\n", loaded->lines, loaded->jobs,
               loaded->history_entries, loaded->transactions);
    return exit_ok;
}

void add_load(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("load", "a new store from a dump");
    command->footer(load_explanation);
    const auto flags = std::make_shared<LoadFlags>();
    flags->add_to(*command);
    add_path(*command, "source", flags->source, "a dump, or another data folder", "FILE|DIR")->required();
    command->callback([flags, &invocation] { invocation.run = [flags] { return load(*flags); }; });
}

}  // namespace

void add_state_dump(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("dump", "everything as JSON lines");
    command->footer(dump_explanation);
    const auto flags = std::make_shared<StateFlags>();
    flags->add_to(*command);
    command->callback([flags, &invocation] { invocation.run = [flags] { return inspect_store(*flags, dump); }; });
    add_load(state, invocation);
}

}  // namespace emeth::cli
