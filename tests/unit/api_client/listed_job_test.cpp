#include "api_client/listed_job.hpp"

#include <gtest/gtest.h>

#include "statemachine/amount_text.hpp"

namespace emeth::api_client {
namespace {

ListedJob requested() {
    ListedJob job;
    job.id.bytes.fill(0x11);
    job.owner.bytes.fill(0xaa);
    job.program_id = 112;
    job.dataset = "text";
    job.param = "{}";
    job.dataset_bytes = 5'000;
    job.fee = *wei_from_decimal("20");
    job.deadline_unix_s = 1'800'000'000;
    job.requested_at_unix_s = 1'700'000'000;
    return job;
}

TEST(ListedJob, IsReadAsTheOfferThatItIs) {
    const JobOffer offer = read_offer(to_json(requested()), "the list").value();
    EXPECT_EQ(offer.id, requested().id);
    EXPECT_EQ(offer.fee, requested().fee);
    EXPECT_EQ(offer.dataset_bytes, 5'000u);
    EXPECT_EQ(offer.deadline_unix_s, 1'800'000'000);
}

/// The chain decides; a hint in another form must not hide a JOB.
TEST(JobOffer, ReadsItsHintsLeniently) {
    boost::json::object listed = to_json(requested());
    listed["fee"] = 20;
    listed["datasetSize"] = "5000";
    listed["deadline"] = "1800000000";
    const JobOffer offer = read_offer(listed, "the list").value();
    EXPECT_EQ(offer.fee, requested().fee);
    EXPECT_EQ(offer.dataset_bytes, 5'000u);
    EXPECT_EQ(offer.deadline_unix_s, 1'800'000'000);

    listed["fee"] = "a lot";
    listed["datasetSize"] = nullptr;
    listed.erase("deadline");
    const JobOffer unknown = read_offer(listed, "the list").value();
    EXPECT_EQ(unknown.id, requested().id);
    EXPECT_EQ(unknown.fee, Wei{});
    EXPECT_EQ(unknown.dataset_bytes, 0u);
    EXPECT_EQ(unknown.deadline_unix_s, 0);

    listed["id"] = "0x12";
    EXPECT_TRUE(read_offer(listed, "the list").has_error());
    EXPECT_TRUE(read_offer("text", "the list").has_error());
}

TEST(ListedJob, LeavesOutWhatHasNotHappenedYet) {
    ListedJob job = requested();
    for (const char* key : {"node", "deposit", "startedAt", "submittedAt", "verifiedAt"})
        EXPECT_FALSE(to_json(job).contains(key)) << key;
    job.node = job.owner;
    job.started_at_unix_s = 1'700'000'001;
    EXPECT_EQ(to_json(job).at("node").as_string(), job.owner.hex());
    EXPECT_EQ(to_json(job).at("deposit").as_string(), "0");
    EXPECT_EQ(to_json(job).at("startedAt").to_number<std::int64_t>(), 1'700'000'001);
    EXPECT_FALSE(to_json(job).contains("submittedAt"));
}

}  // namespace
}  // namespace emeth::api_client
