#include "trainer/verification/check_segments.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <span>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/log.hpp"
#include "trainer/data/streamed_file.hpp"
#include "trainer/training_loop.hpp"
#include "trainer/verification/segment_deviation.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

/// Absolute: rounding of libm, in weights drawn with a standard deviation of 0.02.
constexpr double initial_weights_tolerance = 1e-6;

/// The evidence: a header, then states of equal size. A state is handed out only if its digest matches.
class Evidence {
public:
    static Result<Evidence> open(const CheckedRun& run, const std::vector<std::uint32_t>& drawn);

    /// Set when the evidence is not what the manifest commits to.
    [[nodiscard]] const Objection& objection() const { return objection_; }
    /// State `index` as the manifest commits to it; a permanent Error is an objection.
    [[nodiscard]] Result<TrainingState> state(const CheckedRun& run, std::uint32_t index) const;

private:
    [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<std::uint8_t> out) const;

    FileDescriptor file_;
    std::map<std::uint32_t, std::uint64_t> offsets_;
    Objection objection_;
};

Result<Evidence> Evidence::open(const CheckedRun& run, const std::vector<std::uint32_t>& drawn) {
    Evidence evidence;
    const std::filesystem::path& path = run.request.evidence;
    evidence.file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!evidence.file_.is_open()) return errno_error("cannot open " + path.string(), errno);
    std::uint64_t end = trainer_protocol::evidence_header_bytes;
    for (const std::uint32_t index : trainer_protocol::states_to_show(drawn, run.plan.segments)) {
        evidence.offsets_[index] = end;
        end += run.states.content_bytes();
    }
    struct stat status {};
    if (::fstat(evidence.file_.get(), &status) != 0) return errno_error("cannot examine " + path.string(), errno);
    if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != end) {
        evidence.objection_ = fmt::format("the evidence has {} bytes; {} states of this model have {}", status.st_size,
                                          evidence.offsets_.size(), end);
        return evidence;
    }
    std::array<std::uint8_t, trainer_protocol::evidence_header_bytes> header{};
    if (Result<void> read = evidence.read(0, header); read.has_error()) return read.error();
    if (header != trainer_protocol::evidence_header(run.request.block_hash))
        evidence.objection_ = "the evidence is not for the draw of the block that holds the submit";
    return evidence;
}

Result<void> Evidence::read(std::uint64_t offset, std::span<std::uint8_t> out) const {
    while (!out.empty()) {
        const ssize_t count = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read the evidence", errno);
        if (count == 0) return transient_error("the evidence became shorter while it was read");
        out = out.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<TrainingState> Evidence::state(const CheckedRun& run, std::uint32_t index) const {
    TrainingState state;
    state.step = trainer_protocol::step_of_state(index, run.plan.segments, run.plan.steps_total);
    StateHeader header{};
    const std::span<std::uint8_t> front(reinterpret_cast<std::uint8_t*>(&header), sizeof header);
    std::uint64_t offset = offsets_.at(index);
    if (Result<void> got = read(offset, front); got.has_error()) return got.error();
    crypto::Sha256 digest;
    digest.update(front);
    offset += sizeof header;
    for (at::Tensor* tensor : {&state.weights, &state.first_moments, &state.second_moments}) {
        *tensor = at::empty({run.layout.count()}, at::kFloat);
        const std::span<float> values(tensor->data_ptr<float>(), static_cast<std::size_t>(run.layout.count()));
        const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(values.data()), values.size_bytes());
        if (Result<void> got = read(offset, bytes); got.has_error()) return got.error();
        digest.update(bytes);
        offset += bytes.size();
    }
    if (digest.finish() != run.digests[index])
        return permanent_error(fmt::format("the evidence's state {} is not the one in manifest.json", index));
    if (header != run.states.header(state.step))
        return permanent_error(fmt::format("state {} is not one of this run at step {}", index, state.step));
    for (const at::Tensor* tensor : {&state.weights, &state.first_moments, &state.second_moments})
        if (!at::isfinite(*tensor).all().item<bool>())
            return permanent_error(fmt::format("state {} holds a value that is not a finite number", index));
    if (state.second_moments.lt(0).any().item<bool>())
        return permanent_error(fmt::format("state {} holds a negative second moment", index));
    return state;
}

Objection object_to_beginning(const CheckedRun& run, const TrainingState& first) {
    const at::Tensor own = initial_weights(run.layout, run.request.job.id);
    const bool same = (first.weights - own).abs().max().item<double>() <= initial_weights_tolerance &&
                      !first.first_moments.any().item<bool>() && !first.second_moments.any().item<bool>();
    if (same) return std::nullopt;
    return "training did not begin with the JOB's own initial weights";
}

/// A permanent Error says what is wrong with the segment.
Result<Deviation> train_again(const CheckedRun& run, const Evidence& evidence, std::uint32_t segment,
                              TrainingState state, Reporter& reporter) {
    const at::Tensor start = state.weights.clone();
    const std::uint64_t first_step = state.step;
    const std::uint64_t end = trainer_protocol::step_of_state(segment + 1, run.plan.segments, run.plan.steps_total);
    const TrainingSetup setup{run.request.job.id, run.preset, run.plan, run.compute, 0, end};
    KeepsNothing keeper;
    Alone alone;
    if (Result<void> trained = train(setup, run.layout, run.tokens, state, keeper, alone, reporter); !trained)
        return in_context(fmt::format("segment {} trained again", segment), trained.error());
    const std::span<const float> claimed_losses = std::span(run.losses).subspan(first_step, state.losses.size());
    Deviation deviation;
    deviation.loss = loss_deviation(claimed_losses, state.losses);
    if (segment + 1 == run.plan.segments) {
        deviation.weights = weights_deviation(run.weights, state.weights, start);
        return deviation;
    }
    const Result<TrainingState> claimed = evidence.state(run, segment + 1);
    if (claimed.has_error()) return claimed.error();
    deviation.weights = weights_deviation(claimed->weights, state.weights, start);
    add_moments_deviation(*claimed, state, deviation);
    return deviation;
}

/// All that the outcome of training a segment again follows from. The digests of its two ends cover their weights and
/// moments; the header of the first one covers JOB, dataset, tokenizer, model and epochs.
Hash256 identity_of(const CheckedRun& run, std::uint32_t segment) {
    const std::uint64_t first = trainer_protocol::step_of_state(segment, run.plan.segments, run.plan.steps_total);
    const std::uint64_t end = trainer_protocol::step_of_state(segment + 1, run.plan.segments, run.plan.steps_total);
    const StateHeader header = run.states.header(first);
    crypto::Sha256 digest;
    digest.update(fmt::format("segment/1/{}/{}/{}/{}/{}/{}/{}/", run.request.job.id.hex(), segment, run.plan.segments,
                              end, run.digests[segment].hex(), run.digests[segment + 1].hex(), way_of(run.compute)));
    digest.update(bytes_of(&header, 1));
    digest.update(bytes_of(run.losses.data() + first, end - first));
    return digest.finish();
}

/// A permanent Error is an objection.
Result<Objection> examine(const CheckedRun& run, const Evidence& evidence, std::uint32_t segment, Deviation& worst,
                          Reporter& reporter) {
    const Hash256 identity = identity_of(run, segment);
    if (const std::optional<Deviation> known = run.record.deviation(identity)) {
        spdlog::info("segment {} is known from before this check was interrupted", segment);
        worst = worse_of(worst, *known);
        return object_to_deviation(segment, *known);
    }
    Result<TrainingState> state = evidence.state(run, segment);
    if (state.has_error()) return state.error();
    if (segment == 0) {
        if (Objection objection = object_to_beginning(run, *state)) return objection;
    }
    const Result<Deviation> deviation = train_again(run, evidence, segment, *std::move(state), reporter);
    if (deviation.has_error()) return deviation.error();
    spdlog::info(
        "segment {} trained again: weights differ by {:.2g} of their movement, moments by {:.2g} and {:.2g}, the "
        "next step by {:.2g}, losses by {:.2g}",
        segment, deviation->weights, deviation->first_moments, deviation->second_moments, deviation->next_step,
        deviation->loss);
    run.record.add_deviation(identity, *deviation);
    worst = worse_of(worst, *deviation);
    return object_to_deviation(segment, *deviation);
}

}  // namespace

Result<Objection> object_to_segments(const CheckedRun& run, Deviation& worst, Reporter& reporter) {
    const std::vector<std::uint32_t> drawn = trainer_protocol::draw_segments(run.request.job.id, run.request.block_hash,
                                                                             run.plan.segments, run.request.draws);
    const Result<Evidence> evidence = Evidence::open(run, drawn);
    if (evidence.has_error()) return evidence.error();
    if (evidence->objection()) return evidence->objection();
    for (const std::uint32_t segment : drawn) {
        const Result<Objection> found = examine(run, *evidence, segment, worst, reporter);
        if (!found && found.error().kind == ErrorKind::permanent) return Objection(found.error().message);
        if (!found || *found) return found;
    }
    return Objection();
}

}  // namespace emeth::trainer
