#include "storage/rocks_options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <array>
#include <memory>
#include <string>

namespace emeth::storage {
namespace {

constexpr std::array families{Family::jobs, Family::history, Family::outbox, Family::cursors, Family::meta};
constexpr std::size_t wal_bytes_max = 16 << 20;  // replaying it costs every opening 8 ms a megabyte
constexpr std::size_t info_log_bytes_max = 1 << 20;
constexpr std::size_t info_logs_kept = 4;
constexpr double bloom_bits_per_key = 10;
/// RocksDB 7.8 of Debian 12 reads nothing newer, and 9.10 of Debian 13 would write 6: a data folder moves both ways.
constexpr std::uint32_t table_format = 5;
constexpr std::size_t reader_cache_bytes = 64 << 20;

/// When writes are refused, RocksDB would retry by itself every few seconds and meanwhile answer "busy" to our own
/// Resume(). make_writable() recovers at the next commit instead, which is both sooner and on the thread that waits for
/// it. Errors that do not refuse writes (a compaction without space) are left to RocksDB.
class ResumeOnWrite : public rocksdb::EventListener {
public:
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status error, bool* automatic) override {
        if (error.severity() >= rocksdb::Status::Severity::kHardError) *automatic = false;
    }
};

rocksdb::ColumnFamilyOptions family_options(OpenMode mode, const Platform& platform) {
    rocksdb::BlockBasedTableOptions table;
    table.format_version = table_format;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
    if (mode == OpenMode::read_only) {
        // A command that looks at a few JOBs need not read the indices of all tables at once.
        table.cache_index_and_filter_blocks = true;
        table.block_cache = rocksdb::NewLRUCache(reader_cache_bytes);
    }
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size = platform.write_buffer_bytes;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

}  // namespace

rocksdb::DBOptions database_options(OpenMode mode, const Platform& platform) {
    rocksdb::DBOptions options;
    options.env = platform.environment;
    options.info_log = platform.info_log;
    options.max_file_opening_threads = platform.opening_threads;
    options.create_if_missing = mode == OpenMode::read_write;
    options.create_missing_column_families = mode == OpenMode::read_write;
    options.paranoid_checks = true;
    // RocksDB's record of its settings is for people. From version 8 on, a store whose record cannot be written would
    // not open.
    options.fail_if_options_file_error = false;
    // Every commit is synced, so only the tail after the last sync may be torn, and what a power cut leaves of it is
    // short or zero-filled: this mode takes that for the end of the log. Damage before it is damage to something that
    // was promised to be durable, and opening fails. (kPointInTimeRecovery would silently drop every commit after the
    // damage; kAbsoluteConsistency would reject a torn tail, too.)
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    options.listeners.push_back(std::make_shared<ResumeOnWrite>());
    options.max_total_wal_size = wal_bytes_max;
    options.max_log_file_size = info_log_bytes_max;
    options.keep_log_file_num = info_logs_kept;
    // A log with a torn tail must not be kept alongside its successor: commits in the successor would be lost the next
    // time the store is opened (found by the simulation).
    options.avoid_flush_during_recovery = false;
    options.skip_stats_update_on_db_open = mode == OpenMode::read_only;  // they serve compactions
    options.stats_dump_period_sec = 0;  // nobody reads them, and each would cost a timer
    options.stats_persist_period_sec = 0;
    return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(OpenMode mode, const Platform& platform) {
    const rocksdb::ColumnFamilyOptions options = family_options(mode, platform);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors{{rocksdb::kDefaultColumnFamilyName, options}};
    for (const Family family : families) descriptors.emplace_back(std::string(name(family)), options);
    return descriptors;
}

}  // namespace emeth::storage
