// The outbox, cursors, refusals and the dump.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <sstream>
#include <thread>

#include "integration/storage/store_fixture.hpp"

namespace emeth::storage {
namespace {

using test::numbered;

class NotesTest : public StoreTest {
protected:
    std::unique_ptr<NodeStore> store = open_store(folder);
    void reopen() {
        store.reset();
        store = open_store(folder);
    }
};

TEST_F(NotesTest, OutboxIsKeptByNonce) {
    must(store->outbox().put({outbox_entry(300), outbox_entry(2), outbox_entry(255)}));
    reopen();
    EXPECT_EQ(must(store->outbox().all()),
              (std::vector<OutboxEntry>{outbox_entry(2), outbox_entry(255), outbox_entry(300)}));
    OutboxEntry replaced = outbox_entry(255);
    replaced.raw = {9, 9};
    must(store->outbox().put({replaced}));
    EXPECT_EQ(must(store->outbox().all())[1], replaced);
    EXPECT_EQ(must(store->outbox().all()).size(), 3U);
}

TEST_F(NotesTest, MinedEntriesAreNoLongerPendingUntilAReorganisation) {
    must(store->outbox().put({outbox_entry(1), outbox_entry(2), outbox_entry(3, 17)}));
    EXPECT_EQ(must(store->outbox().pending()), (std::vector<OutboxEntry>{outbox_entry(1), outbox_entry(2)}));
    must(store->outbox().put({outbox_entry(1, 18)}));
    reopen();
    EXPECT_EQ(must(store->outbox().pending()), std::vector<OutboxEntry>{outbox_entry(2)});
    EXPECT_EQ(must(store->outbox().all()).size(), 3U);
    must(store->outbox().put({outbox_entry(1)}));
    EXPECT_EQ(must(store->outbox().pending()), (std::vector<OutboxEntry>{outbox_entry(1), outbox_entry(2)}));
}

TEST_F(NotesTest, ReplacementsAreKeptBesideTheirEntry) {
    const Replacement first{numbered<Hash256>(71), {7, 1}, 8}, second{numbered<Hash256>(72), {7, 2}, 9};
    must(store->outbox().put({outbox_entry(1), outbox_entry(2), outbox_entry(256)}));
    must(store->outbox().add_replacement(2, first));
    must(store->outbox().add_replacement(2, second));
    reopen();
    OutboxEntry expected = outbox_entry(2);
    expected.replacements = {first, second};
    EXPECT_EQ(must(store->outbox().find(2)), expected);
    EXPECT_EQ(must(store->outbox().all())[1], expected);
    EXPECT_EQ(must(store->outbox().pending())[1], expected);
    EXPECT_EQ(must(store->outbox().find(256)), outbox_entry(256));
    EXPECT_EQ(expected.hashes(), (std::vector<Hash256>{outbox_entry(2).hash, first.hash, second.hash}));
    EXPECT_EQ(expected.newest_raw(), second.raw);
}

TEST_F(NotesTest, AnEntryIsMarkedMinedAndReplacedInAnyOrder) {
    const Replacement replacement{numbered<Hash256>(71), {7, 1}, 8};
    const OutboxEntry read_before = outbox_entry(1);
    must(store->outbox().put({read_before}));
    must(store->outbox().add_replacement(1, replacement));
    OutboxEntry mined = read_before;  // by a JOB that read it when there was no replacement yet
    mined.mined_block = 18;
    must(store->outbox().put({mined}));
    EXPECT_EQ(must(store->outbox().find(1))->replacements, std::vector<Replacement>{replacement});
    must(store->outbox().add_replacement(1, replacement));
    EXPECT_EQ(must(store->outbox().find(1))->mined_block, 18U)
        << "a replacement signed too late does not undo the mark";
    EXPECT_TRUE(must(store->outbox().pending()).empty());
}

TEST_F(NotesTest, OnlyWhatIsThereIsReplaced) {
    EXPECT_EQ(must(store->outbox().find(1)), std::nullopt);
    EXPECT_TRUE(mentions(error_of(store->outbox().add_replacement(1, {})), "nonce 1 is not in the outbox"));
}

TEST_F(NotesTest, TheLastNonceIsTheHighestOfAll) {
    EXPECT_EQ(must(store->outbox().last_nonce()), std::nullopt);
    must(store->outbox().put({outbox_entry(255), outbox_entry(300, 17), outbox_entry(2)}));
    must(store->outbox().add_replacement(2, {}));
    EXPECT_EQ(must(store->outbox().last_nonce()), 300U);
    reopen();
    EXPECT_EQ(must(store->outbox().last_nonce()), 300U);
    must(store->outbox().put({outbox_entry(65'536)}));
    EXPECT_EQ(must(store->outbox().last_nonce()), 65'536U);
}

TEST_F(NotesTest, CursorsAreKeptByName) {
    EXPECT_EQ(must(store->notes().cursor("log")), std::nullopt);
    must(store->notes().set_cursor("log", "17"));
    must(store->notes().set_cursor("withdraw/20415", std::string("\0\xff", 2)));
    must(store->notes().set_cursor("log", "18"));
    must(store->notes().set_cursor("empty", ""));
    reopen();
    EXPECT_EQ(must(store->notes().cursor("log")), "18");
    EXPECT_EQ(must(store->notes().cursor("withdraw/20415")), std::string("\0\xff", 2));
    EXPECT_EQ(must(store->notes().cursor("empty")), "");
    EXPECT_EQ(must(store->notes().cursor("withdraw/20416")), std::nullopt);
}

TEST_F(NotesTest, NewestRefusalsAreKept) {
    constexpr std::size_t surplus = 25;
    for (std::size_t i = 0; i < Notes::refusals_max + surplus; ++i) {
        must(store->notes().put_refusal({numbered<JobId>(i), static_cast<std::int64_t>(i), "too late"}));
        if (i == 40) reopen();
    }
    reopen();
    const auto refusals = must(store->notes().refusals());
    ASSERT_EQ(refusals.size(), Notes::refusals_max);
    EXPECT_EQ(refusals.front().id, numbered<JobId>(surplus));
    EXPECT_EQ(refusals.back().at_unix_ms, static_cast<std::int64_t>(Notes::refusals_max + surplus - 1));
    EXPECT_EQ(refusals.back().reason, "too late");
}

TEST_F(NotesTest, DumpHoldsEverythingAsJsonLines) {
    const auto job = finished_job(store->jobs(), 1);
    must(store->jobs().apply(job, {1, statemachine::Restarted{"not UTF-8: \xff"}}, {}));
    must(store->outbox().put({outbox_entry(1)}));
    must(store->outbox().add_replacement(1, {numbered<Hash256>(71), {7, 1}, 8}));
    must(store->notes().set_cursor("log", "17"));
    must(store->notes().put_refusal({numbered<JobId>(9), 5, "too late"}));
    std::map<std::string, std::vector<boost::json::object>> lines;
    std::istringstream dump(dump_text(*store));
    for (std::string line; std::getline(dump, line);) {
        const auto object = boost::json::parse(line).as_object();
        lines[std::string(object.at("type").as_string())].push_back(object);
    }
    EXPECT_EQ(lines["dump"].size(), 1U);
    EXPECT_EQ(lines["end"].size(), 1U);
    ASSERT_EQ(lines["job"].size(), 1U);
    EXPECT_EQ(lines["job"][0].at("state").as_string(), "verified");
    EXPECT_EQ(lines["job"][0].at("terms").at("fee").as_string(), "30000000000000000000");
    ASSERT_EQ(lines["history"].size(), job.sequence + 1);
    EXPECT_EQ(lines["history"][1].at("id").as_string(), "0x00000000000000000000000000000001");
    EXPECT_TRUE(lines["history"][1].at("event").as_object().contains("deposit_signed"));
    EXPECT_EQ(lines["history"].back().at("rejection").at("kind").as_string(), "not_in_this_state");
    ASSERT_EQ(lines["outbox"].size(), 1U);
    EXPECT_EQ(lines["outbox"][0].at("raw").as_string(), "0x010203");
    ASSERT_EQ(lines["replacement"].size(), 1U);
    EXPECT_EQ(lines["replacement"][0].at("nonce").as_int64(), 1);
    EXPECT_EQ(lines["replacement"][0].at("number").as_int64(), 1);
    EXPECT_EQ(lines["replacement"][0].at("raw").as_string(), "0x0701");
    ASSERT_EQ(lines["cursor"].size(), 1U);
    EXPECT_EQ(lines["cursor"][0].at("key").as_string(), "log");
    EXPECT_EQ(lines["cursor"][0].at("value").as_string(), "17");
    ASSERT_EQ(lines["refusal"].size(), 1U);
    EXPECT_EQ(lines["refusal"][0].at("reason").as_string(), "too late");
}

}  // namespace
}  // namespace emeth::storage
