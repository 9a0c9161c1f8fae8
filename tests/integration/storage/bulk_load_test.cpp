// A bulk-loaded store equals the one that its JOBs' histories would have produced event by event.
#include "storage/bulk_load.hpp"

#include "integration/storage/store_fixture.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

class BulkLoadTest : public StoreTest {
protected:
    BulkLoadTest() {
        const auto store = open_store(lived_);
        finished_job(store->jobs(), 1);
        must(store->outbox().put({outbox_entry(1, 7), outbox_entry(2, 0)}));
        must(store->jobs().create({test::terms(2)}, 1));
    }

    static std::string dump_of(const std::filesystem::path& store) {
        return dump_text(*open_store(store, OpenMode::read_only));
    }

    /// What `lived_` holds, into `folder`.
    void load() {
        const auto from = open_store(lived_, OpenMode::read_only);
        auto to = must(BulkLoad::open(folder));
        auto transactions = must(from->outbox().all());
        must(from->jobs().for_each([&](const Job& job) {
            must(to->add(job, must(from->jobs().history(job.terms.id)), transactions));
            transactions.clear();
            return true;
        }));
        must(to->finish());
    }

    const std::filesystem::path lived_ = root / "lived";
};

TEST_F(BulkLoadTest, HoldsWhatALifeLeaves) {
    load();
    EXPECT_EQ(dump_of(folder), dump_of(lived_));
    const auto store = open_store(folder);
    must(store->jobs().verify(test::terms(1).id));
    const auto pending = must(store->outbox().pending());
    ASSERT_EQ(pending.size(), 1u);
    EXPECT_EQ(pending.front().nonce, 2u);
}

TEST_F(BulkLoadTest, OnlyWhatHasNotEndedIsActive) {
    load();
    const auto store = open_store(folder);
    const auto active = must(store->jobs().active());
    ASSERT_EQ(active.size(), 1u);
    EXPECT_EQ(active.front().terms.id, test::terms(2).id);
    commit(store->jobs(), active.front(), CanceledByRequester{});
    EXPECT_TRUE(must(store->jobs().active()).empty()) << "life goes on in it";
}

}  // namespace
}  // namespace emeth::storage
