// A worker puts the parts of its artifact.
#include "crypto/md5.hpp"
#include "statemachine/upload_parts.hpp"
#include "worker_fixture.hpp"

namespace emeth::test {
namespace {

using namespace worker_protocol;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class JobUploadTest : public WorkerFixture {};

TEST_F(JobUploadTest, AFailedPartAsksForFreshUrlsOfWhatIsMissing) {
    script("4 15000000 1\n");
    storage->put_statuses = {403, 403};
    const auto artifact = train();
    order_upload(artifact, 1, {1, 2});
    const auto failed = await<StepFailed>();
    EXPECT_EQ(failed.step, "upload");
    EXPECT_TRUE(failed.needs_order);
    EXPECT_TRUE(failed.url_refused);
    EXPECT_THAT(failed.message, HasSubstr("403"));
    EXPECT_THAT(failed.message, Not(HasSubstr("secret")));
    order_upload(artifact, 1, {2});
    EXPECT_EQ(await<PartUploaded>().part, 2u);
    EXPECT_EQ(storage->parts.at(2).size(), 5'000'000u);
}

TEST_F(JobUploadTest, ABadMomentOfTheStorageApiIsNoMatterForTheMaster) {
    script("4 25000000 1\n");
    storage->put_statuses = {503};
    const auto artifact = train();
    order_upload(artifact, 1, {1, 2, 3});
    std::set<std::uint32_t> parts;
    while (parts.size() < 3) parts.insert(await<PartUploaded>().part);  // and no failure
    EXPECT_EQ(storage->puts, 4u);
}

TEST_F(JobUploadTest, APartThatFailsForLongerIsTold) {
    script("4 1000 1\n");
    storage->put_statuses = {503, 503, 503, 503};
    const auto artifact = train();
    order_upload(artifact, 1, {1});
    const auto failed = await<StepFailed>();
    EXPECT_TRUE(failed.needs_order);
    EXPECT_FALSE(failed.url_refused);
    EXPECT_EQ(storage->puts, 4u);
    order_upload(artifact, 1, {1});
    EXPECT_EQ(await<PartUploaded>().part, 1u);
}

/// S3's convention: the ETag of a part is the MD5 of its bytes.
TEST_F(JobUploadTest, APartOfWhichTheServerHasOtherBytesIsPutAgain) {
    script("4 15000000 1\n");
    const auto artifact = train();
    const auto second = crypto::md5_of_range(job_folder() / "artifact.tar", upload_part_bytes, 5'000'000).value();
    storage->etags = {"\"" + std::string(32, '0') + "\"", "\"" + second + "\""};
    order_upload(artifact, 1, {2});
    EXPECT_EQ(await<PartUploaded>().etag, "\"" + second + "\"");
    EXPECT_EQ(storage->puts, 2u);
}

TEST_F(JobUploadTest, PartsThatKeepArrivingDamagedAreTold) {
    script("4 1000 1\n");
    const auto artifact = train();
    storage->etags = {std::string(32, '0'), std::string(32, '1'), std::string(32, '2'), std::string(32, '3')};
    order_upload(artifact, 1, {1});
    const auto failed = await<StepFailed>();
    EXPECT_THAT(failed.message, HasSubstr("part 1: arrived damaged: its ETag is the MD5 " + std::string(32, '3')));
    EXPECT_TRUE(failed.needs_order);
    EXPECT_FALSE(failed.url_refused);
    EXPECT_EQ(storage->puts, 4u);
    order_upload(artifact, 1, {1});
    EXPECT_EQ(await<PartUploaded>().part, 1u);
}

/// Its uploads would never end, and cost the deposit.
TEST_F(JobUploadTest, AServerWhoseEtagsOnlyLookLikeMd5IsTakenAtItsWord) {
    script("4 1000 1\n");
    const auto artifact = train();
    storage->etags = std::vector<std::string>(2, std::string(32, 'a'));
    order_upload(artifact, 1, {1});
    EXPECT_EQ(await<PartUploaded>().etag, std::string(32, 'a'));
    EXPECT_EQ(storage->puts, 2U);
}

TEST_F(JobUploadTest, AnOrderForAnotherArtifactIsNotFollowed) {
    script("4 1000 1\n");
    auto artifact = train();
    artifact.sha256.bytes[0] ^= 1;
    order_upload(artifact, 1, {1});
    EXPECT_THAT(await<StepFailed>().message, HasSubstr(artifact.sha256.hex()));
    EXPECT_EQ(storage->puts, 0u);
}

TEST_F(JobUploadTest, APartBehindTheEndIsNotSent) {
    script("4 1000 1\n");
    const auto artifact = train();
    order_upload(artifact, 1, {2});
    EXPECT_THAT(await<StepFailed>().message, HasSubstr("part 2"));
    EXPECT_EQ(storage->puts, 0u);
}

TEST_F(JobUploadTest, AnArtifactThatChangedOnDiskIsMadeAgain) {
    script("4 1000 1\n");
    const auto artifact = train();
    write_text(job_folder() / "artifact.tar", std::string(1'000, 'x'));
    order_upload(artifact, 1, {1});
    const auto failed = await<StepFailed>();
    EXPECT_FALSE(failed.needs_order);
    EXPECT_THAT(failed.message, HasSubstr("made again"));
    EXPECT_EQ(await<Trained>().artifact.sha256, artifact.sha256);
    EXPECT_EQ(storage->puts, 0u);
    EXPECT_EQ(await<PartUploaded>().part, 1u);  // the order was kept
    EXPECT_EQ(crypto::sha256(storage->parts.at(1)), artifact.sha256);
}

}  // namespace
}  // namespace emeth::test
