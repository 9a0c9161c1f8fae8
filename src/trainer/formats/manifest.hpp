// manifest.json: what the artifact claims to be.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/formats/compute_record.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

/// How large a manifest may be: it lists the losses of all epochs and the states of all segments.
struct ManifestBounds {
    std::uint32_t epochs_max = 0;
    std::uint32_t segments_max = 0;

    [[nodiscard]] std::uint64_t bytes_max() const;
};

struct Manifest {
    JobId job;
    std::string language;
    std::string model;
    std::uint32_t epochs = 0;
    std::uint64_t steps_per_epoch = 0;
    std::uint64_t steps = 0;
    std::int64_t sequences_per_step = 0;

    Hash256 dataset_sha256;
    std::uint64_t dataset_bytes = 0;
    std::uint64_t dataset_tokens = 0;

    std::vector<double> epoch_losses;
    double validation_loss = 0;

    /// Digests of the states in which the run's segments begin, and of the last one (segment_states.hpp).
    std::vector<Hash256> states;

    /// With what each segment was computed; as many segments as there are states, less one.
    ComputeHistory compute;

    std::map<std::string, Hash256> members;  ///< SHA-256 of each other member of the archive
};

/// Adds the seeds that follow from the JOB's id and the hyperparameters that follow from the preset.
std::string write_manifest(const Manifest& manifest, const Preset& preset);
/// A permanent Error names the field that is missing, given twice or out of bounds.
Result<Manifest> read_manifest(std::string_view text, const ManifestBounds& bounds);

}  // namespace emeth::trainer
