#include "trainer/formats/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "runtime/durable_file.hpp"

namespace emeth::trainer {
namespace {

constexpr std::size_t read_block_bytes = 1 << 16;
/// Headers, padding and the end of a tar.
constexpr std::uint64_t overhead_bytes_per_member = 64 * 1024;
constexpr int members_passed_max = 16;
constexpr std::size_t shown_name_bytes_max = 100;

using WriteHandle = std::unique_ptr<archive, decltype(&archive_write_free)>;
using ReadHandle = std::unique_ptr<archive, decltype(&archive_read_free)>;
using EntryHandle = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

ReadHandle new_reader() {
    ReadHandle handle(archive_read_new(), &archive_read_free);
    archive_read_support_format_tar(handle.get());
    archive_read_support_filter_none(handle.get());
    return handle;
}

Error write_error(const std::filesystem::path& path, archive* handle) {
    return transient_error(
        fmt::format("cannot write {}: {}; is the disk full?", path.string(), archive_error_string(handle)));
}

Result<void> write_member(archive* handle, const std::filesystem::path& path, const ArchiveMember& member) {
    const EntryHandle entry(archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname(entry.get(), member.name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
    if (archive_write_header(handle, entry.get()) != ARCHIVE_OK) return write_error(path, handle);
    std::string_view rest = member.content;
    while (!rest.empty()) {
        const la_ssize_t count = archive_write_data(handle, rest.data(), rest.size());
        if (count <= 0) return write_error(path, handle);
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> write_members(const std::filesystem::path& path, const std::vector<ArchiveMember>& members) {
    const WriteHandle handle(archive_write_new(), &archive_write_free);
    archive_write_set_format_ustar(handle.get());
    if (archive_write_open_filename(handle.get(), path.c_str()) != ARCHIVE_OK) return write_error(path, handle.get());
    for (const ArchiveMember& member : members) {
        if (Result<void> written = write_member(handle.get(), path, member); !written) return written;
    }
    if (archive_write_close(handle.get()) != ARCHIVE_OK) return write_error(path, handle.get());
    return {};
}

/// A name from outside, made safe for a message.
std::string shown(const char* name) {
    std::string text;
    for (const char* c = name == nullptr ? "" : name; *c != '\0' && text.size() < shown_name_bytes_max; ++c)
        text.push_back(*c >= 0x20 && *c < 0x7F ? *c : '?');
    return text;
}

Error broken(const std::filesystem::path& path, archive* handle) {
    const char* reason = archive_error_string(handle);
    return permanent_error(fmt::format("{} is not a complete tar: {}", path.filename().string(),
                                       reason == nullptr ? "it ends too early" : shown(reason)));
}

/// An Error unless the entry is a regular file with a rule and a size within it that has not been seen before. No
/// member is larger than the file that holds it, but a few bytes of header may claim so.
Result<void> admit(archive_entry* entry, const MemberRules& rules, const std::map<std::string, std::string>& members,
                   std::uint64_t file_bytes) {
    const char* name = archive_entry_pathname(entry);
    const auto rule = name == nullptr ? rules.end() : rules.find(std::string_view(name));
    if (rule == rules.end())
        return permanent_error(fmt::format("the archive holds '{}', which does not belong there", shown(name)));
    const bool regular = archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr &&
                         archive_entry_symlink(entry) == nullptr;
    if (!regular) return permanent_error(fmt::format("'{}' in the archive is not a regular file", shown(name)));
    if (members.contains(name)) return permanent_error(fmt::format("'{}' is in the archive twice", shown(name)));
    const la_int64_t size = archive_entry_size(entry);
    const std::uint64_t bytes_max = rule->second.bytes_max;
    if (!archive_entry_size_is_set(entry) || size < 0 || static_cast<std::uint64_t>(size) > bytes_max)
        return permanent_error(
            fmt::format("'{}' in the archive has {} bytes; at most {} are allowed", shown(name), size, bytes_max));
    if (static_cast<std::uint64_t>(size) > file_bytes)
        return permanent_error(fmt::format("'{}' in the archive claims {} bytes; the whole archive has {}", shown(name),
                                           size, file_bytes));
    return {};
}

Result<std::string> read_member(archive* handle, archive_entry* entry, const std::filesystem::path& path) {
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const la_ssize_t count = archive_read_data(handle, content.data() + filled, content.size() - filled);
        if (count <= 0) return broken(path, handle);
        filled += static_cast<std::size_t>(count);
    }
    return content;
}

Result<void> stream_member(archive* handle, archive_entry* entry, const std::filesystem::path& path,
                           const MemberSink& sink) {
    std::string piece(read_block_bytes, '\0');
    auto left = static_cast<std::uint64_t>(archive_entry_size(entry));
    while (left > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
        const la_ssize_t count = archive_read_data(handle, piece.data(), wanted);
        if (count <= 0) return broken(path, handle);
        left -= static_cast<std::uint64_t>(count);
        const std::string_view taken = std::string_view(piece).substr(0, static_cast<std::size_t>(count));
        if (Result<void> sunk = sink(taken); !sunk) return sunk;
    }
    return {};
}

Result<std::uint64_t> size_of(const std::filesystem::path& path) {
    std::error_code error;
    const std::uint64_t bytes = std::filesystem::file_size(path, error);
    if (error) return permanent_error(fmt::format("cannot examine {}: {}", path.string(), error.message()));
    return bytes;
}

Result<void> bound_file_size(std::uint64_t bytes, const MemberRules& rules) {
    std::uint64_t allowed = overhead_bytes_per_member;
    for (const auto& [name, rule] : rules) allowed += rule.bytes_max + overhead_bytes_per_member;
    if (bytes > allowed)
        return permanent_error(fmt::format("the archive has {} bytes; at most {} are allowed", bytes, allowed));
    return {};
}

}  // namespace

Result<void> write_archive(const std::filesystem::path& path, const std::vector<ArchiveMember>& members) {
    std::filesystem::path partial = path;
    partial += ".partial";
    Result<void> written = write_members(partial, members);
    if (written) written = publish_file(partial, path);
    if (!written) ::unlink(partial.c_str());
    return written;
}

Result<std::map<std::string, std::string>> read_archive(const std::filesystem::path& path, const MemberRules& rules) {
    const Result<std::uint64_t> file_bytes = size_of(path);
    if (file_bytes.has_error()) return file_bytes.error();
    if (Result<void> bounded = bound_file_size(*file_bytes, rules); bounded.has_error()) return bounded.error();
    const ReadHandle handle = new_reader();
    if (archive_read_open_filename(handle.get(), path.c_str(), read_block_bytes) != ARCHIVE_OK)
        return broken(path, handle.get());
    std::map<std::string, std::string> members;
    for (;;) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(handle.get(), &entry);
        if (status == ARCHIVE_EOF) return members;
        if (status != ARCHIVE_OK) return broken(path, handle.get());
        if (Result<void> admitted = admit(entry, rules, members, *file_bytes); admitted.has_error())
            return admitted.error();
        const std::string name = archive_entry_pathname(entry);
        if (const MemberSink& sink = rules.at(name).sink) {
            if (Result<void> sunk = stream_member(handle.get(), entry, path, sink); sunk.has_error())
                return sunk.error();
            members[name];
            continue;
        }
        Result<std::string> content = read_member(handle.get(), entry, path);
        if (content.has_error()) return content.error();
        members[name] = *std::move(content);
    }
}

Result<std::string> read_archive_member(const std::filesystem::path& path, std::string_view name,
                                        std::uint64_t bytes_max) {
    const Result<std::uint64_t> file_bytes = size_of(path);
    if (file_bytes.has_error()) return file_bytes.error();
    const MemberRules rules{{std::string(name), {.bytes_max = bytes_max}}};
    const ReadHandle handle = new_reader();
    if (archive_read_open_filename(handle.get(), path.c_str(), read_block_bytes) != ARCHIVE_OK)
        return broken(path, handle.get());
    for (int passed = 0; passed < members_passed_max; ++passed) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(handle.get(), &entry);
        if (status == ARCHIVE_EOF) break;
        if (status != ARCHIVE_OK) return broken(path, handle.get());
        const char* found = archive_entry_pathname(entry);
        if (found == nullptr || name != found) continue;
        if (Result<void> admitted = admit(entry, rules, {}, *file_bytes); admitted.has_error()) return admitted.error();
        return read_member(handle.get(), entry, path);
    }
    return permanent_error(fmt::format("the archive lacks {}", name));
}

}  // namespace emeth::trainer
