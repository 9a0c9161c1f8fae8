// Damaged and foreign stores are refused by name, never half-read.
#include <rocksdb/db.h>

#include <fstream>

#include "integration/storage/store_fixture.hpp"
#include "storage/envelope.hpp"
#include "storage/keys.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;
namespace fs = std::filesystem;

class DamageTest : public StoreTest {
protected:
    /// Changes one raw value behind the store's back.
    void tamper(const std::string& family, const std::string& key, const std::function<void(std::string&)>& change) {
        std::vector<std::string> names;
        ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, folder.string(), &names).ok());
        std::vector<rocksdb::ColumnFamilyDescriptor> families;
        for (const std::string& each : names) families.emplace_back(each, rocksdb::ColumnFamilyOptions());
        std::vector<rocksdb::ColumnFamilyHandle*> handles;
        rocksdb::DB* raw = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open({}, folder.string(), families, &handles, &raw).ok());
        const std::unique_ptr<rocksdb::DB> database(raw);
        for (rocksdb::ColumnFamilyHandle* handle : handles) {
            if (handle->GetName() == family) {
                std::string value;
                database->Get({}, handle, key, &value);
                change(value);
                ASSERT_TRUE(database->Put({}, handle, key, value).ok());
            }
            database->DestroyColumnFamilyHandle(handle);
        }
    }

    /// The write-ahead log that the last commits are in.
    [[nodiscard]] fs::path newest_log() const {
        fs::path newest;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().extension() == ".log" && entry.file_size() > 0) newest = std::max(newest, entry.path());
        }
        return newest;
    }

    /// A copy of the folder while a writer has it open, as a SIGKILL would leave it.
    void copy_while_open(const fs::path& copy) const { fs::copy(folder, copy, fs::copy_options::recursive); }
};

TEST_F(DamageTest, NewerSchemaIsRefused) {
    open_store(folder);
    tamper("meta", std::string(schema_key),
           [](std::string& value) { value = seal(schema_key, {}, schema_version + 1); });
    for (const OpenMode mode : {OpenMode::read_write, OpenMode::read_only}) {
        const Error error = error_of(NodeStore::open(folder, mode));
        EXPECT_EQ(error.kind, ErrorKind::permanent);
        EXPECT_EQ(error.message,
                  "store " + folder.string() +
                      ", meta schema: written with schema 2, but this emeth knows only schemas up to 1: use "
                      "the emeth that wrote it or a newer one");
    }
}

TEST_F(DamageTest, DamagedRecordIsNamed) {
    const Job job = finished_job(open_store(folder)->jobs(), 1);
    tamper("jobs", job_key(job.terms.id),
           [](std::string& value) { value.back() = static_cast<char>(value.back() ^ 1); });
    const auto store = open_store(folder);
    const Error error = error_of(store->jobs().find(job.terms.id));
    EXPECT_TRUE(mentions(error, "jobs 0x00000000000000000000000000000001: checksum is")) << error.message;
    EXPECT_TRUE(mentions(error, "restore the store from a copy"));
    EXPECT_FALSE(store->jobs().for_each([](const Job&) { return true; }));
    EXPECT_FALSE(store->inspection().dump([](std::string_view) {}));
}

TEST_F(DamageTest, DamagedHistoryIsNamed) {
    const Job job = finished_job(open_store(folder)->jobs(), 1);
    tamper("history", history_key(job.terms.id, 3), [](std::string& value) { value.resize(value.size() - 1); });
    const Error error = error_of(open_store(folder)->jobs().verify(job.terms.id));
    EXPECT_TRUE(mentions(error, "history 0x000000000000000000000000000000010000000000000003: checksum is"))
        << error.message;
}

TEST_F(DamageTest, TornTailOfTheLogLosesNothingThatWasCommitted) {
    const auto store = open_store(folder);
    const Job job = finished_job(store->jobs(), 1);
    const fs::path log = newest_log();
    const auto committed_bytes = fs::file_size(log);
    must(store->jobs().apply(job, {9, Restarted{"in the tail"}}, {}));
    const auto all_bytes = fs::file_size(log);
    ASSERT_GT(all_bytes, committed_bytes);
    for (const auto kept : {committed_bytes, committed_bytes + 1, committed_bytes + 8, all_bytes - 1}) {
        const fs::path copy = root / ("cut" + std::to_string(kept));
        copy_while_open(copy);
        fs::resize_file(copy / log.filename(), kept);
        const auto reopened = open_store(copy);
        EXPECT_EQ(must(reopened->jobs().find(job.terms.id)), job) << "tail cut at " << kept;
        must(reopened->jobs().verify(job.terms.id));
    }
}

TEST_F(DamageTest, ZeroFilledTailOfTheLogLosesNothingThatWasCommitted) {
    const auto store = open_store(folder);
    const Job job = finished_job(store->jobs(), 1);
    const fs::path log = newest_log();
    const auto committed_bytes = fs::file_size(log);
    for (const std::uintmax_t zeros : {1, 7, 4'096, 200'000}) {
        const fs::path copy = root / ("zeros" + std::to_string(zeros));
        copy_while_open(copy);
        fs::resize_file(copy / log.filename(), committed_bytes + zeros);
        EXPECT_EQ(must(open_store(copy)->jobs().find(job.terms.id)), job) << zeros << " zero bytes";
    }
}

TEST_F(DamageTest, DamageInTheMiddleOfTheLogIsRefusedRatherThanDropped) {
    const auto store = open_store(folder);
    finished_job(store->jobs(), 1);
    const fs::path log = newest_log();
    const fs::path copy = root / "damaged";
    copy_while_open(copy);
    std::fstream file(copy / log.filename(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(log) / 2));
    file.write("\x55\xaa\x55\xaa", 4);
    file.close();
    const Error error = error_of(NodeStore::open(copy, OpenMode::read_write));
    EXPECT_EQ(error.kind, ErrorKind::permanent);
    EXPECT_TRUE(mentions(error, "is damaged")) << error.message;
    EXPECT_TRUE(mentions(error, "restore it from a copy"));
}

}  // namespace
}  // namespace emeth::storage
