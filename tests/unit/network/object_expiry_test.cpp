#include "network/storage_api/object_expiry.hpp"

#include <gtest/gtest.h>

namespace emeth::network {
namespace {

constexpr std::int64_t start = 1'700'000'000, day = 86'400;

class ObjectExpiry : public ::testing::Test {
protected:
    ObjectExpiry() {
        owner.bytes.fill(1);
        job.record.exist = true;
        job.record.owner = owner;
        job.record.status = chain::JobStatus::verified;
        job.known_ended_s = 2 * day;
    }
    [[nodiscard]] bool expires(StoredItem::Kind kind, std::int64_t days) const {
        return is_expired({kind, owner, start}, job, limits, start + days * day + 1);
    }
    using Kind = StoredItem::Kind;
    Address owner;
    JobOutlook job;
    StorageLimits limits;
};

TEST_F(ObjectExpiry, NoJob) {
    job = {};
    EXPECT_FALSE(expires(Kind::dataset, 1));
    EXPECT_TRUE(expires(Kind::dataset, 2));
    EXPECT_FALSE(expires(Kind::result, 10'000));
    EXPECT_FALSE(expires(Kind::open_upload, 10'000));
}

TEST_F(ObjectExpiry, RunningJob) {
    using enum chain::JobStatus;
    for (const chain::JobStatus status : {requested, assigned, processing, submitted, rejected}) {
        job.record.status = status;
        for (const Kind kind : {Kind::dataset, Kind::result, Kind::open_upload}) EXPECT_FALSE(expires(kind, 10'000));
    }
}

TEST_F(ObjectExpiry, EndedJob) {
    EXPECT_FALSE(expires(Kind::dataset, 29));
    EXPECT_TRUE(expires(Kind::dataset, 30));
    EXPECT_TRUE(expires(Kind::result, 30));
    EXPECT_FALSE(expires(Kind::open_upload, 0));
    EXPECT_TRUE(expires(Kind::open_upload, 1));
    job.assign.verified_at_unix_s = start + 20 * day;
    EXPECT_FALSE(expires(Kind::result, 49));
    EXPECT_TRUE(expires(Kind::result, 50));
    job.known_ended_s = day - 1;
    for (const Kind kind : {Kind::dataset, Kind::result, Kind::open_upload}) EXPECT_FALSE(expires(kind, 10'000));
}

/// It would else condemn what it has stored at a time that has not come yet.
TEST_F(ObjectExpiry, AClockThatWentBack) {
    for (const Kind kind : {Kind::dataset, Kind::result, Kind::open_upload}) EXPECT_FALSE(expires(kind, -1'000));
}

}  // namespace
}  // namespace emeth::network
