#include "http/partial_file.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"

namespace emeth::http {
namespace {

constexpr std::size_t record_bytes_max = 2'048, etag_bytes_max = 512, boot_bytes_max = 64;
/// What a power loss costs at most.
constexpr std::uint64_t synced_bytes = 256 << 20;

/// Changes with every start of the machine: what was written since then has not been lost with its power.
const std::string& boot_id() {
    static const std::string id = [] {
        Result<std::string> text = read_file("/proc/sys/kernel/random/boot_id", boot_bytes_max);
        return text ? text->substr(0, text->find('\n')) : std::string();
    }();
    return id;
}

std::filesystem::path temporary_of(const std::filesystem::path& path) {
    return path.string() + ".download";
}

}  // namespace

std::uint64_t partly_downloaded_bytes(const std::filesystem::path& path) {
    std::error_code error;
    const std::uint64_t bytes = std::filesystem::file_size(temporary_of(path), error);
    return error ? 0 : bytes;
}

PartialFile::PartialFile(BlockingPool* pool, std::filesystem::path path, std::uint64_t bytes_total)
    : pool_(pool),
      path_(std::move(path)),
      temporary_(temporary_of(path_)),
      record_(path_.parent_path() / fmt::format("download-{}.json", path_.filename().string())),
      bytes_total_(bytes_total) {}

/// How much of the temporary belongs to such a file, as far as its record tells, which it reads.
std::uint64_t PartialFile::find_usable() {
    const Result<std::string> text = read_file(record_, record_bytes_max);
    if (text.has_error()) return 0;
    const auto json = parse_json(*text, record_bytes_max, record_.string());
    if (json.has_error()) return 0;
    JsonObject fields(*json, "the record of a download");
    const std::string etag = fields.string("etag", etag_bytes_max);
    const std::string boot = fields.string("boot", boot_bytes_max);
    const std::uint64_t total = fields.u64("bytes"), synced = fields.u64("synced");
    if (fields.check().has_error() || total != bytes_total_) return 0;
    std::error_code error;
    const std::uint64_t there = std::filesystem::file_size(temporary_, error);
    if (error) return 0;
    const bool is_this_boot = !boot.empty() && boot == boot_id();
    const std::uint64_t usable = is_this_boot ? there : std::min(there, synced);
    if (usable > bytes_total_) return 0;
    etag_ = etag;
    synced_ = std::min(synced, usable);
    return usable;
}

Result<void> PartialFile::check_room() const {
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    const Result<std::uint64_t> free = free_bytes(folder);
    if (free.has_error()) return free.error();
    const std::uint64_t missing = bytes_total_ - bytes();
    if (*free >= missing) return {};
    return transient_error(fmt::format("{} bytes are free in {}, but {} more are to come for {}: free some space there",
                                       *free, folder.string(), missing, path_.filename().string()));
}

Task<Result<PartialFile>> PartialFile::open(BlockingPool* pool, std::filesystem::path path, std::uint64_t bytes_total) {
    PartialFile partial(pool, std::move(path), bytes_total);
    if (const std::uint64_t usable = partial.find_usable(); usable > 0) {
        const Result<InputFile> input = InputFile::open(partial.temporary_);
        if (input.has_error()) co_return input.error();
        auto hashing = hash_begin(pool, &*input, usable);
        Result<crypto::Sha256> hash = co_await std::move(hashing);
        if (hash.has_error()) co_return hash.error();
        Result<OutputFile> file = OutputFile::reopen(partial.temporary_, usable, std::move(*hash));
        if (file.has_error()) co_return file.error();
        partial.file_.emplace(std::move(*file));
        spdlog::debug("{}: {} of {} bytes are there from an earlier try", partial.path_.string(), usable, bytes_total);
    }
    if (const Result<void> room = partial.check_room(); room.has_error()) co_return room.error();
    co_return std::move(partial);
}

void PartialFile::discard() {
    file_.reset();
    etag_.clear();
    synced_ = 0;
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
    std::filesystem::remove(record_, ignored);
}

Result<void> PartialFile::begin(std::string etag) {
    discard();
    if (etag.size() <= etag_bytes_max) etag_ = std::move(etag);
    if (Result<void> recorded = write_record(); recorded.has_error()) return recorded;
    Result<OutputFile> file = OutputFile::create(temporary_);
    if (file.has_error()) return file.error();
    file_.emplace(std::move(*file));
    return {};
}

Result<void> PartialFile::write_record() {
    const boost::json::object record{
        {"etag", etag_}, {"bytes", bytes_total_}, {"boot", boot_id()}, {"synced", synced_}};
    return write_file_durably(record_, json_text(record) + "\n", 0600);
}

Task<Result<void>> PartialFile::append(std::string_view piece) {
    Result<void> written = file_->append(piece);
    if (written.has_error() || file_->bytes() - synced_ < synced_bytes) co_return written;
    auto syncing = sync();
    co_return co_await std::move(syncing);
}

Task<Result<void>> PartialFile::sync() {
    auto work = [this] { return file_->sync(); };
    auto running = pool_->run(std::move(work));
    const Result<void> synced = co_await std::move(running);
    if (synced.has_error()) co_return synced;
    synced_ = file_->bytes();
    co_return write_record();
}

Result<Downloaded> PartialFile::publish() {
    const Downloaded done{file_->bytes(), file_->finish()};
    file_.reset();
    const Result<void> published = publish_file(temporary_, path_);
    if (published.has_error()) return published.error();
    discard();
    return done;
}

}  // namespace emeth::http
