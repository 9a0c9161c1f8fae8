// How a JOB info server's list is stored: bytes that no later version may read differently, and the order of its keys.
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/job_list_codec.hpp"
#include "storage/job_list_keys.hpp"

namespace emeth::storage {
namespace {

template <class Bytes>
Bytes repeated(std::uint8_t byte) {
    Bytes value;
    value.bytes.fill(byte);
    return value;
}

IndexedJob some_job() {
    IndexedJob job;
    job.id = repeated<JobId>(0x11);
    job.owner = repeated<Address>(0xaa);
    job.status = rejected_status;
    job.program_id = 112;
    job.dataset = "text\xff";
    job.param = "{}";
    job.fee.bytes[31] = 20;
    job.deadline_unix_s = 1'800'000'000;
    job.requested_at_unix_s = 1'700'000'000;
    job.node = repeated<Address>(0xbb);
    job.deposit.bytes[31] = 21;
    job.started_at_unix_s = 1;
    job.submitted_at_unix_s = 2;
    job.verified_at_unix_s = 3;
    job.seen_block = 4;
    job.dataset_bytes = 5;
    job.verdict_reason = "no tar";
    return job;
}

TEST(JobListCodec, WritesTheSameBytesForEver) {
    const std::string encoded = encode_listed_job(some_job());
    EXPECT_EQ(to_hex(std::vector<std::uint8_t>(encoded.begin(), encoded.end())),
              "0x0a14aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa10081870220574657874ff2a027b7d3220000000"
              "00000000000000000000000000000000000000000000000000000000143880a4a7da064080e2cfaa064a14"
              "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb5220000000000000000000000000000000000000000000"
              "0000000000000000000015580160026803700478058201066e6f20746172");
    EXPECT_EQ(decode_listed_job(some_job().id, encoded).value(), some_job());
}

TEST(JobListCodec, RefusesWhatIsNoRecord) {
    EXPECT_FALSE(decode_listed_job(JobId{}, "\xff\xff"));
    IndexedJob job = some_job();
    job.status = listed_status_count;
    EXPECT_FALSE(decode_listed_job(job.id, encode_listed_job(job)));
    EXPECT_FALSE(decode_list_state("\xff\xff"));
}

TEST(JobListCodec, KeepsHowFarTheChainWasRead) {
    ListState state;
    state.identity = ListIdentity{60'001, repeated<Address>(1), 7, repeated<Hash256>(2)};
    state.position = {"0 5:0x", 5, 6, 7, repeated<Hash256>(3)};
    state.counts[4] = 8;
    const ListState read = decode_list_state(encode_list_state(state)).value();
    EXPECT_EQ(read.identity, state.identity);
    EXPECT_EQ(read.position.cursor, "0 5:0x");
    EXPECT_EQ(read.position.block, 5u);
    EXPECT_EQ(read.position.block_unix_s, 6);
    EXPECT_EQ(read.position.head_block, 7u);
    EXPECT_EQ(read.position.head_hash, state.position.head_hash);
    EXPECT_EQ(read.counts, state.counts);
}

TEST(JobListKeys, AreInTheOrderOfTheList) {
    IndexedJob older = some_job(), newer = some_job();
    newer.requested_at_unix_s += 1;
    JobQuery query;
    EXPECT_LT(list_key(query, newer), list_key(query, older)) << "the newest first";
    query.order = JobOrder::fee;
    newer.fee.bytes[0] = 1;
    EXPECT_LT(list_key(query, newer), list_key(query, older)) << "the highest fee first";
    query.order = JobOrder::deadline;
    newer.deadline_unix_s -= 1;
    EXPECT_LT(list_key(query, newer), list_key(query, older)) << "the earliest deadline first";
}

TEST(JobListKeys, AreThoseOfEveryListThatTheJobIsIn) {
    IndexedJob job = some_job();
    const auto has = [&](const JobQuery& query) {
        const auto keys = list_keys(job);
        return std::ranges::find(keys, list_key(query, job)) != keys.end();
    };
    JobQuery all, rejected, owned, taken, by_fee;
    rejected.status = rejected_status;
    owned.owner = job.owner;
    taken.node = job.node;
    taken.status = rejected_status;
    by_fee.order = JobOrder::fee;
    for (const JobQuery& query : {all, rejected, owned, taken}) EXPECT_TRUE(has(query));
    EXPECT_FALSE(has(by_fee)) << "open JOBs only";
    job.status = open_status;
    EXPECT_TRUE(has(by_fee));
    EXPECT_EQ(lookup_of_key(lookup_key({LookupKind::verdict_reason, job.id})),
              (Lookup{LookupKind::verdict_reason, job.id}));
}

}  // namespace
}  // namespace emeth::storage
