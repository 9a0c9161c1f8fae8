// A dump makes the same store again, and whatever is wrong with it is told with its line.
#include "storage/dump_loader.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "integration/storage/store_fixture.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;
using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

class DumpLoaderTest : public StoreTest {
protected:
    DumpLoaderTest() {
        const auto store = open_store(folder);
        Job job = finished_job(store->jobs(), 1);
        must(store->jobs().apply(job, {1, Restarted{"not UTF-8: \xff, nor a \"plain\"\nline"}}, {}));
        test::Rng rng(7);
        Job random = must(store->jobs().create({test::terms(2)}, 1));
        for (std::int64_t at = 0; at < 300; ++at)
            random = must(store->jobs().apply(random, {at, test::random_event(rng, random)}, {})).job;
        must(store->outbox().put({outbox_entry(1, 7), outbox_entry(2, 0)}));
        must(store->outbox().add_replacement(2, {test::numbered<Hash256>(71), {7, 1}, 8}));
        must(store->outbox().add_replacement(2, {test::numbered<Hash256>(72), {7, 2}, 9}));
        must(store->notes().set_cursor("log", "17"));
        must(store->notes().set_cursor("odd \"key\"", "\xff\x01"));
        must(store->notes().put_refusal({test::numbered<JobId>(9), 5, "too late"}));
        must(store->notes().put_refusal({test::numbered<JobId>(8), 6, "too dear", 3, 7}));
        dump_ = dump_text(*store);
    }

    Result<DumpLoader::Loaded> load(const std::vector<std::string>& lines) {
        const auto loader = must(DumpLoader::open(loaded_));
        for (const std::string& line : lines)
            if (auto added = loader->add(line); added.has_error()) {
                loader->abandon();
                return added.error();
            }
        auto done = loader->finish();
        if (done.has_error()) loader->abandon();
        return done;
    }
    std::string complaint(const std::vector<std::string>& lines) {
        const std::string message = error_of(load(lines)).message;
        EXPECT_FALSE(std::filesystem::exists(loaded_)) << "nothing is left";
        EXPECT_FALSE(std::filesystem::exists(loaded_.string() + ".loading"));
        return message;
    }
    /// The index of the first line that has `text`.
    std::size_t line_with(const std::string& text) const {
        const auto lines = lines_of(dump_);
        const auto found =
            std::ranges::find_if(lines, [&](const std::string& line) { return line.find(text) != std::string::npos; });
        EXPECT_NE(found, lines.end());
        return static_cast<std::size_t>(found - lines.begin());
    }

    std::string dump_;
    const std::filesystem::path loaded_ = root / "loaded";
};

TEST_F(DumpLoaderTest, TheDumpOfWhatWasLoadedIsTheSameByteForByte) {
    const auto done = must(load(lines_of(dump_)));
    EXPECT_EQ(done.jobs, 2U);
    EXPECT_EQ(done.transactions, 2U);
    const auto store = open_store(loaded_);
    EXPECT_EQ(dump_text(*store), dump_);
    EXPECT_EQ(must(store->outbox().all()), must(open_store(folder, OpenMode::read_only)->outbox().all()));
    EXPECT_EQ(must(store->notes().cursor("odd \"key\"")), "\xff\x01");
    EXPECT_EQ(must(store->jobs().history(test::terms(1).id)).back().event.body.index(), event_index<Restarted>);
}

TEST_F(DumpLoaderTest, LifeGoesOnInIt) {
    must(load(lines_of(dump_)));
    const auto store = open_store(loaded_);
    const auto before = must(open_store(folder, OpenMode::read_only)->jobs().active());
    EXPECT_EQ(must(store->jobs().active()), before);
    EXPECT_EQ(must(store->outbox().pending()).size(), 1U);
    must(store->notes().put_refusal({test::numbered<JobId>(7), 5, "new"}));
    EXPECT_EQ(must(store->notes().refusals()).size(), 3U);
}

TEST_F(DumpLoaderTest, AFolderWithAStoreIsRefused) {
    EXPECT_THAT(error_of(DumpLoader::open(folder)).message, HasSubstr("there is a store in"));
    EXPECT_EQ(dump_text(*open_store(folder)), dump_) << "it is left alone";
}

TEST_F(DumpLoaderTest, WhatAKilledLoadLeftIsReplaced) {
    must(DumpLoader::open(loaded_)).reset();
    EXPECT_FALSE(std::filesystem::exists(loaded_ / "CURRENT"));
    must(load(lines_of(dump_)));
}

TEST_F(DumpLoaderTest, ACutDumpIsRefused) {
    for (std::size_t length = 0; length < lines_of(dump_).size(); length += 100) {
        auto lines = lines_of(dump_);
        lines.resize(length);
        EXPECT_THAT(complaint(lines), HasSubstr("it is cut off"));
    }
    auto lines = lines_of(dump_);
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(line_with("\"cursor\"")));
    EXPECT_THAT(complaint(lines), HasSubstr("some are missing"));
}

TEST_F(DumpLoaderTest, AHistoryThatDoesNotLeadToItsRecordIsRefusedWithItsLine) {
    auto lines = lines_of(dump_);
    lines.erase(lines.begin() + 4);
    EXPECT_EQ(complaint(lines).substr(0, 48), "line 5: history entry 4: entry 3 should follow: ");
    lines = lines_of(dump_);
    const std::size_t first = line_with("\"restarts\":");
    const std::size_t at = lines[first].find("\"restarts\":") + 11;
    lines[first].insert(at, "1");
    EXPECT_THAT(complaint(lines), HasSubstr("the JOB of line 2, 0x00000000000000000000000000000001: the replay of"));
}

TEST_F(DumpLoaderTest, LinesOutOfPlaceAreRefused) {
    const auto whole = lines_of(dump_);
    const auto without_first = std::vector(whole.begin() + 1, whole.end());
    EXPECT_EQ(complaint(without_first), "line 1: a dump begins with one line of type dump");
    EXPECT_EQ(complaint({whole[0], whole[2]}), "line 2: a JOB's history follows its record");
    EXPECT_EQ(complaint({whole[0], whole[0]}), "line 2: a dump begins with one line of type dump");
    auto twice = whole;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(line_with("\"outbox\"")), whole[1]);
    EXPECT_THAT(complaint(twice), HasSubstr("the JOBs of a dump stand in the order of their ids"));
    auto after = whole;
    after.push_back(whole[line_with("\"cursor\"")]);
    EXPECT_THAT(complaint(after), HasSubstr("nothing follows the last line"));
    auto stray = whole;
    std::erase_if(stray, [](const std::string& line) { return line.find("\"type\":\"outbox\"") == 1; });
    EXPECT_THAT(complaint(stray), HasSubstr("nonce 2 is not in the outbox"));
}

TEST_F(DumpLoaderTest, LinesThatAreNoRecordsAreRefused) {
    const auto whole = lines_of(dump_);
    EXPECT_THAT(complaint({whole[0], "{"}), HasSubstr("line 2: it is not valid JSON"));
    EXPECT_THAT(complaint({whole[0], "[]"}), HasSubstr("line 2: it is an array of 0; expected an object"));
    EXPECT_THAT(complaint({whole[0], R"({"type":"wish"})"}), HasSubstr("line 2: a dump has no lines of this type"));
    EXPECT_THAT(complaint({whole[0], R"({"type":"job","terms":{"id":"0x01"}})"}),
                HasSubstr("line 2: field terms.id has 1 bytes, not 16"));
    EXPECT_THAT(complaint({R"({"type":"dump","version":2})"}), HasSubstr("use the emeth that wrote it"));
    EXPECT_THAT(complaint({whole[0], std::string(DumpLoader::line_bytes_max + 1, ' ')}), HasSubstr("at most"));
}

}  // namespace
}  // namespace emeth::storage
