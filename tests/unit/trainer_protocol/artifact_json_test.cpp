// The JSON of checkpoints and artifacts: masters, workers and their records of earlier versions use these very keys.
#include "trainer_protocol/artifact_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <limits>

namespace emeth::trainer_protocol {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t bytes_max = 1'000;

const statemachine::Artifact artifact{Hash256{{0xab}}, 77, 2, 200, {2.5, 1.5}, 1.75};

boost::json::value artifact_text() {
    return boost::json::parse(R"({"sha256":"0xab00000000000000000000000000000000000000000000000000000000000000",
                                  "bytes":77,"epochs":2,"steps":200,"epoch_losses":[2.5,1.5],"validation_loss":1.75})");
}

std::string error_with(const char* key, boost::json::value value) {
    boost::json::value json = artifact_text();
    json.as_object()[key] = std::move(value);
    JsonObject object(json, "artifact");
    read_artifact(object, bytes_max);
    const Result<void> check = object.check();
    return check ? "accepted" : check.error().message;
}

TEST(ArtifactJson, HasTheKeysOfEarlierVersions) {
    const boost::json::value text = artifact_text();
    EXPECT_EQ(boost::json::value(to_json(artifact)), text);
    JsonObject object(text, "artifact");
    EXPECT_EQ(read_artifact(object, bytes_max), artifact);
    EXPECT_TRUE(object.check());
}

TEST(ArtifactJson, IsBounded) {
    EXPECT_THAT(error_with("bytes", bytes_max + 1), HasSubstr("'bytes'"));
    EXPECT_THAT(error_with("bytes", 0), HasSubstr("'bytes'"));
    EXPECT_THAT(error_with("epochs", 1'001), HasSubstr("'epochs'"));
    EXPECT_THAT(error_with("steps", 0), HasSubstr("'steps'"));
    EXPECT_THAT(error_with("epoch_losses", boost::json::array{1.5, "x"}), HasSubstr("'epoch_losses'"));
    EXPECT_THAT(error_with("validation_loss", nullptr), HasSubstr("'validation_loss'"));
}

TEST(CheckpointJson, HasTheKeysOfEarlierVersions) {
    const statemachine::Checkpoint checkpoint{1, 150, Hash256{{0xab}}, 2.5};
    const boost::json::value text = boost::json::parse(
        R"({"epoch":1,"step":150,"loss":2.5,
            "sha256":"0xab00000000000000000000000000000000000000000000000000000000000000"})");
    EXPECT_EQ(boost::json::value(to_json(checkpoint)), text);
    JsonObject object(text, "checkpoint");
    EXPECT_EQ(read_checkpoint(object), checkpoint);
    EXPECT_TRUE(object.check());
}

TEST(CheckpointJson, TellsALossThatIsNoNumberAsAVeryLargeOne) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    EXPECT_GT(to_json(statemachine::Checkpoint{0, 1, {}, none}).at("loss").as_double(), 1e200);
}

}  // namespace
}  // namespace emeth::trainer_protocol
