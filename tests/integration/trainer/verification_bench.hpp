// What the tests of the verifier's check share: honest work, a forger's tools, and the check itself.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::test {

using Entries = std::vector<TarEntry>;

/// Segments that are drawn besides the first.
inline constexpr std::uint32_t draws = 2;

/// A block whose hash is this number.
Hash256 block_hash(std::uint64_t number);
/// The first block from `number` on that draws `segment`.
Hash256 block_that_draws(const trainer_protocol::JobSpec& job, std::uint32_t segment, std::uint32_t segments,
                         std::uint64_t number = 0);

/// Honest work of one JOB, made once.
struct HonestWork {
    Bench bench;
    trainer_protocol::Trained trained = train_to_end(bench);
    Entries entries = read_tar(bench.artifact());
};
const HonestWork& honest();

/// The request to check `artifact` with the evidence of `bench`.
trainer_protocol::CheckRequest request_for(const Bench& bench, const trainer_protocol::Trained& trained,
                                           const std::filesystem::path& artifact, const TemporaryFolder& scratch,
                                           const Hash256& block = block_hash(1));
/// The same with the honest work's dataset and evidence.
trainer_protocol::CheckRequest check_request(const TemporaryFolder& scratch, const std::filesystem::path& artifact);

trainer_protocol::Checked check(const trainer_protocol::CheckRequest& request,
                                const std::map<std::string, std::string>& environment = {});

void expect_rejected(const trainer_protocol::Checked& checked, const std::string& reason);

/// Work that a forger changes at will, updating every digest.
class Forgery {
public:
    Forgery(const Bench& bench, const trainer_protocol::Trained& trained);
    Forgery() : Forgery(honest().bench, honest().trained) {}

    [[nodiscard]] std::uint32_t segments() const { return static_cast<std::uint32_t>(states.size()); }
    [[nodiscard]] std::size_t weight_count() const;
    /// Parts of a state, and the artifact's weights.
    [[nodiscard]] std::vector<float> weights(std::uint32_t state) const { return floats(state, 0); }
    [[nodiscard]] std::vector<float> first_moments(std::uint32_t state) const { return floats(state, 1); }
    [[nodiscard]] std::vector<float> second_moments(std::uint32_t state) const { return floats(state, 2); }
    void set_weights(std::uint32_t state, const std::vector<float>& values) { set_floats(state, 0, values); }
    void set_first_moments(std::uint32_t state, const std::vector<float>& values) { set_floats(state, 1, values); }
    void set_second_moments(std::uint32_t state, const std::vector<float>& values) { set_floats(state, 2, values); }
    void set_artifact_weights(const std::vector<float>& values);
    /// Makes the states look as if they were of the honest run.
    void take_run_of(const Forgery& other);
    [[nodiscard]] std::vector<double> losses();
    void set_losses(const std::vector<double>& values);
    void claim_validation_loss(double loss);
    /// Claims the loss that the weights really give, so that this is no reason to reject.
    void claim_true_validation_loss();

    /// The result of the check when the submit is in `block`.
    trainer_protocol::Checked checked(const Hash256& block = block_hash(1));
    /// The same in a folder that other checks may have used.
    trainer_protocol::Checked checked_in(const TemporaryFolder& scratch, const Hash256& block = block_hash(1));

    std::vector<std::string> states;  ///< contents, by number
    Entries entries;
    /// Changes the evidence after it was packed.
    std::string evidence_suffix;
    std::size_t evidence_bytes_cut = 0;
    std::optional<Hash256> evidence_block;

private:
    [[nodiscard]] std::vector<float> floats(std::uint32_t state, std::size_t part) const;
    void set_floats(std::uint32_t state, std::size_t part, const std::vector<float>& values);
    void seal_all();
    [[nodiscard]] std::string evidence(const Hash256& block) const;

    trainer_protocol::JobSpec job_;
    std::uint64_t steps_ = 0;
};

}  // namespace emeth::test
