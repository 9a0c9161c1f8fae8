// A collection of cheats: forged states, moments, logs and evidence are detected by the segments that are drawn at
// random. The full number of runs: ./emeth test --label long.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "integration/trainer/odd_datasets.hpp"
#include "integration/trainer/verification_bench.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::vector<float> negated(std::vector<float> values) {
    for (float& value : values) value = -value;
    return values;
}

Hash256 block_drawing(const Forgery& forgery, std::uint32_t segment) {
    return block_that_draws(honest().bench.request.job, segment, forgery.segments());
}

TEST(Cheats, AForgerWhoChangesNothingPasses) {
    Forgery forgery;
    const Checked checked = forgery.checked();
    EXPECT_TRUE(checked.passed) << checked.reason;
}

TEST(Cheats, NoTrainingAndAMadeUpLog) {
    Forgery forgery;
    const std::vector<float> initial = forgery.weights(0);
    for (std::uint32_t state = 0; state < forgery.segments(); ++state) forgery.set_weights(state, initial);
    forgery.set_artifact_weights(initial);
    std::vector<double> losses = forgery.losses();
    for (std::size_t step = 0; step < losses.size(); ++step) losses[step] = 7 - 0.02 * static_cast<double>(step);
    forgery.set_losses(losses);
    forgery.claim_true_validation_loss();
    expect_rejected(forgery.checked(), "segment 0 trained again gives other losses");
}

/// Nothing was trained, and the log does not hide it: only the segments tell this from a model that learnt nothing.
TEST(Cheats, FrozenWeightsWithTheirTrueLosses) {
    Forgery forgery;
    const std::vector<float> initial = forgery.weights(0);
    for (std::uint32_t state = 0; state < forgery.segments(); ++state) forgery.set_weights(state, initial);
    forgery.set_artifact_weights(initial);
    forgery.claim_true_validation_loss();
    expect_rejected(forgery.checked(), "segment 0 trained again ends elsewhere");
}

/// Training begins honestly and stops after the first segment, which is always drawn.
TEST(Cheats, StoppedAfterTheFirstSegment) {
    Forgery forgery;
    for (std::uint32_t state = 2; state < forgery.segments(); ++state) forgery.set_weights(state, forgery.weights(1));
    forgery.set_artifact_weights(forgery.weights(1));
    forgery.claim_true_validation_loss();
    const Checked checked = forgery.checked();
    EXPECT_FALSE(checked.passed);
    EXPECT_THAT(checked.reason, ContainsRegex("segment [1-9][0-9]* trained again"));
}

TEST(Cheats, AForgedLog) {
    Forgery forgery;
    std::vector<double> losses = forgery.losses();
    for (double& loss : losses) loss *= 0.95;
    forgery.set_losses(losses);
    expect_rejected(forgery.checked(), "segment 0 trained again gives other losses than training_log.jsonl");
    std::ranges::reverse(losses);  // and it rises, which alone is no reason
    forgery.set_losses(losses);
    expect_rejected(forgery.checked(), "segment 0 trained again gives other losses than training_log.jsonl");
}

/// The same text with another JOB's initial weights and order: an equally good model, but not this JOB's.
TEST(Cheats, AModelTrainedElsewhere) {
    Bench elsewhere;
    elsewhere.request.job.id = *JobId::parse("0x000102030405060708090a0b0c0d0e0f");
    const Trained trained = train_to_end(elsewhere);
    const Forgery other(elsewhere, trained);
    Forgery forgery;
    for (std::uint32_t state = 0; state < forgery.segments(); ++state) forgery.states[state] = other.states.at(state);
    forgery.take_run_of(Forgery());
    Forgery losses_of_other(elsewhere, trained);
    forgery.set_losses(losses_of_other.losses());
    forgery.set_artifact_weights(other.weights(other.segments() - 1));
    forgery.claim_true_validation_loss();
    expect_rejected(forgery.checked(), "did not begin with the JOB's own initial weights");

    forgery.states[0] = Forgery().states[0];
    const Checked checked = forgery.checked();
    EXPECT_FALSE(checked.passed);
    EXPECT_THAT(checked.reason, HasSubstr("segment 0 trained again"));
}

/// A finished JOB's archive under another name. What is cheap to put right is put right, one thing after the other.
TEST(Cheats, AnotherJobsWholeWorkRenamed) {
    Bench elsewhere(english_text(64'000, 500));  // nearly the same, so that the counts are right
    elsewhere.request.job.id = *JobId::parse("0x000102030405060708090a0b0c0d0e0f");
    const Trained trained = train_to_end(elsewhere);
    Forgery forgery;
    const Forgery own;
    const boost::json::value wanted = manifest_of(forgery.entries);
    forgery.entries = read_tar(elsewhere.artifact());
    forgery.states = Forgery(elsewhere, trained).states;
    forgery.take_run_of(own);
    boost::json::value manifest = manifest_of(forgery.entries);
    ASSERT_EQ(manifest.at("steps"), wanted.at("steps"));
    expect_rejected(forgery.checked(), "was made for JOB");
    const auto rename = [&](const char* field) {
        manifest = manifest_of(forgery.entries);
        manifest.at(field) = wanted.at(field);
        seal(forgery.entries, manifest);
    };
    rename("job");
    expect_rejected(forgery.checked(), "it was trained on dataset");
    rename("dataset");
    expect_rejected(forgery.checked(), "tokenizer.model");
    Entries honest_entries = own.entries;
    content_of(forgery.entries, "tokenizer.model") = content_of(honest_entries, "tokenizer.model");
    forgery.claim_true_validation_loss();
    expect_rejected(forgery.checked(), "did not begin with the JOB's own initial weights");
    forgery.states[0] = own.states[0];
    expect_rejected(forgery.checked(), "segment 0 trained again");
}

/// From here on each state is that of the segment before, so that two segments train the same steps.
TEST(Cheats, SegmentsThatOverlap) {
    Forgery forgery;
    const Forgery own;
    constexpr std::uint32_t first = 4;
    for (std::uint32_t state = first; state < forgery.segments(); ++state) {
        forgery.set_weights(state, own.weights(state - 1));
        forgery.set_first_moments(state, own.first_moments(state - 1));
        forgery.set_second_moments(state, own.second_moments(state - 1));
    }
    for (const std::uint32_t segment : {first - 1, first, forgery.segments() - 1}) {
        SCOPED_TRACE(segment);
        const Checked checked = forgery.checked(block_drawing(forgery, segment));
        EXPECT_FALSE(checked.passed);
        EXPECT_THAT(checked.reason, ContainsRegex("segment [1-9][0-9]* trained again"));
    }
}

TEST(Cheats, HalfAsManySegmentsOfTwiceTheLength) {
    const TemporaryFolder scratch;
    Entries entries = honest().entries;
    boost::json::value manifest = manifest_of(entries);
    boost::json::array every_second;
    const boost::json::array& states = manifest.at("states").as_array();
    for (std::size_t state = 0; state < states.size(); state += 2) every_second.push_back(states[state]);
    manifest.at("states") = every_second;
    manifest.at("segments").as_array().resize(every_second.size() - 1);
    seal(entries, manifest);
    write_tar(scratch / "forged.tar", entries);
    expect_rejected(check(check_request(scratch, scratch / "forged.tar")),
                    "it lists 17 states; a run of 32 segments has 33");
}

/// "It could not be read", or only the part of it that is cheap to train: whatever its bytes are, a dataset has one
/// number of tokens and steps.
TEST(Cheats, LittleWorkForADatasetThatIsHardToRead) {
    for (const OddDataset& odd : odd_datasets()) {
        if (odd.name != "ShiftJis" && odd.name != "EmojiWords" && odd.name != "LargeBinary") continue;
        SCOPED_TRACE(odd.name);
        Bench part(odd.bytes.substr(0, 4'096));
        const Trained trained = train_to_end(part);
        const Bench whole(odd.bytes);
        const TemporaryFolder scratch;
        CheckRequest request = request_for(part, trained, scratch / "forged.tar", scratch);
        request.dataset = whole.path() / "dataset";
        for (Entries entries : {read_tar(part.artifact()), honest().entries}) {
            boost::json::value manifest = manifest_of(entries);
            const auto reason = [&] {
                seal(entries, manifest);
                write_tar(scratch / "forged.tar", entries);
                const Checked checked = check(request);
                EXPECT_FALSE(checked.passed);
                return checked.reason;
            };
            manifest.at("dataset").at("sha256") = whole.request.dataset_sha256.hex();
            manifest.at("dataset").at("bytes") = odd.bytes.size();
            const std::string tokens = reason(), marker = "tokens in the dataset; there are ";
            ASSERT_THAT(tokens, HasSubstr(marker));
            manifest.at("dataset").at("tokens") = std::stoull(tokens.substr(tokens.find(marker) + marker.size()));
            EXPECT_THAT(reason(), HasSubstr("steps, "));
        }
    }
}

TEST(Cheats, WeightsThatAreNotTheLastState) {
    Forgery forgery;
    const Checked honest_one = forgery.checked();
    ASSERT_TRUE(honest_one.passed) << honest_one.reason;
    forgery.set_artifact_weights(negated(forgery.weights(3)));
    const TemporaryFolder scratch;
    seal(forgery.entries, manifest_of(forgery.entries));  // but not the chain
    write_tar(scratch / "forged.tar", forgery.entries);
    expect_rejected(check(check_request(scratch, scratch / "forged.tar")), "are not the last state in manifest.json");
}

TEST(Cheats, RightLogAndWrongWeights) {
    Forgery forgery;
    const std::uint32_t last = forgery.segments() - 1;
    forgery.set_artifact_weights(forgery.weights(last - 4));  // nearly as good
    forgery.claim_true_validation_loss();
    expect_rejected(forgery.checked(block_drawing(forgery, last)), "ends elsewhere");
}

TEST(Cheats, OneSegmentsEndReplaced) {
    Forgery forgery;
    forgery.set_weights(6, forgery.weights(7));
    expect_rejected(forgery.checked(block_drawing(forgery, 5)), "segment 5 trained again ends elsewhere");
}

/// A run continues from its moments: invented ones could lead even an honestly computed next segment anywhere.
TEST(Cheats, MadeUpMoments) {
    Forgery turned;
    turned.set_first_moments(1, negated(turned.first_moments(1)));
    expect_rejected(turned.checked(), "segment 0 trained again ends with other moments");

    Forgery shrunk;  // only the smallest ones: their norm hardly changes, but the next step does
    std::vector<float> moments = shrunk.second_moments(1), sorted = moments;
    std::ranges::sort(sorted);
    for (float& moment : moments) moment = moment < sorted[sorted.size() / 2] ? 0 : moment;
    shrunk.set_second_moments(1, moments);
    expect_rejected(shrunk.checked(), "segment 0 trained again ends with other moments");
}

TEST(Cheats, ABeginningWithMoments) {
    Forgery forgery;
    forgery.set_first_moments(0, std::vector<float>(forgery.weight_count(), 1e-3F));
    expect_rejected(forgery.checked(), "did not begin with the JOB's own initial weights");
}

TEST(Cheats, EvidenceThatIsNotWhatTheManifestCommitsTo) {
    const TemporaryFolder scratch;
    const CheckRequest request = check_request(scratch, honest().bench.artifact());
    std::string evidence = read_text(request.evidence);
    evidence[evidence.size() / 2] ^= 1;
    write_text(request.evidence, evidence);
    expect_rejected(check(request), "is not the one in manifest.json");
}

TEST(Cheats, EvidenceOfAnotherSize) {
    Forgery cut;
    cut.evidence_bytes_cut = 4;
    expect_rejected(cut.checked(), "the evidence has");
    Forgery grown;
    grown.evidence_suffix = std::string(100'000, 'x');
    expect_rejected(grown.checked(), "the evidence has");
    const TemporaryFolder scratch;
    const CheckRequest request = check_request(scratch, honest().bench.artifact());
    write_text(request.evidence, "");
    expect_rejected(check(request), "the evidence has 0 bytes");
}

TEST(Cheats, EvidenceOfAnotherDraw) {
    Forgery forgery;
    forgery.evidence_block = block_hash(77);
    expect_rejected(forgery.checked(), "not for the draw");
}

TEST(Cheats, StatesOfOtherSteps) {
    Forgery swapped;
    std::swap(swapped.states[6], swapped.states[7]);
    expect_rejected(swapped.checked(block_drawing(swapped, 6)), "is not one of this run at step");
    Forgery repeated;
    repeated.states[7] = repeated.states[6];
    expect_rejected(repeated.checked(block_drawing(repeated, 20)), "has the same digest in places 6 and 7");
}

TEST(Cheats, StatesThatAreNoNumbers) {
    Forgery forgery;
    std::vector<float> weights = forgery.weights(1);
    weights[5] = std::numeric_limits<float>::quiet_NaN();
    forgery.set_weights(1, weights);
    expect_rejected(forgery.checked(), "not a finite number");
    Forgery negative;
    negative.set_second_moments(1, std::vector<float>(negative.weight_count(), -1.0F));
    expect_rejected(negative.checked(), "a negative second moment");
}

TEST(Cheats, AChainOfAnotherLength) {
    const TemporaryFolder scratch;
    Entries entries = honest().entries;
    boost::json::value manifest = manifest_of(entries);
    manifest.at("states").as_array().pop_back();
    manifest.at("segments").as_array().pop_back();
    seal(entries, manifest);
    write_tar(scratch / "forged.tar", entries);
    expect_rejected(check(check_request(scratch, scratch / "forged.tar")), "states; a run of");
}

/// Training in the shorter number type is less work. Whoever says so is compared in it.
TEST(Cheats, ShortNumbersThatAreClaimedToBeLongOnes) {
    Bench bench;
    bench.request.compute.precision = "bf16";
    const Trained trained = train_to_end(bench);
    Forgery forgery(bench, trained);
    EXPECT_TRUE(forgery.checked().passed) << "it is said in the manifest";
    boost::json::value manifest = manifest_of(forgery.entries);
    for (boost::json::value& record : manifest.at("compute").as_array()) record.at("precision") = "float32";
    seal(forgery.entries, manifest);
    const Checked checked = forgery.checked();
    EXPECT_FALSE(checked.passed);
    EXPECT_THAT(checked.reason, HasSubstr("trained again"));
}

/// A third of the segments begin or end with an invented state. A draw that contains none of them sees honest work.
TEST(CheatsInNumbers, AThirdOfTheSegmentsFakedIsCaughtAsOftenAsTheDrawSays) {
    Forgery forgery;
    ASSERT_EQ(forgery.segments(), 32U);
    std::set<std::uint32_t> faked;
    for (const std::uint32_t state : {4U, 10U, 16U, 22U, 28U}) {
        forgery.set_weights(state, negated(forgery.weights(state)));
        faked.insert({state - 1, state});
    }
    constexpr int trials = 200;
    const double share = 1 - (21.0 * 20) / (31 * 30);  // of two drawn from 31, at least one of the 10
    int caught = 0;
    for (int trial = 0; trial < trials; ++trial) {
        const Hash256 block = block_hash(1'000 + static_cast<std::uint64_t>(trial));
        const auto drawn = draw_segments(honest().bench.request.job.id, block, forgery.segments(), draws);
        const bool hit = std::ranges::any_of(drawn, [&](std::uint32_t segment) { return faked.contains(segment); });
        caught += hit ? 1 : 0;
        if (trial < (full_trials() ? trials : 5)) {
            const Checked checked = forgery.checked(block);
            EXPECT_EQ(checked.passed, !hit) << checked.reason;
            EXPECT_EQ(checked.reason.find("trained again") != std::string::npos, hit) << checked.reason;
        }
    }
    EXPECT_NEAR(caught, trials * share, 3 * std::sqrt(trials * share * (1 - share)));
}

}  // namespace
}  // namespace emeth::test
