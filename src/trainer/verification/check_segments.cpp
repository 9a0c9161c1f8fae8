#include "trainer/verification/check_segments.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/log.hpp"
#include "trainer/data/streamed_file.hpp"
#include "trainer/model/optimiser.hpp"
#include "trainer/training_loop.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

using Objection = std::optional<std::string>;

// How much honest work may differ between CPUs, BLAS builds, thread counts, float32 and bf16; docs/VERIFICATION.md says
// what was seen. All are relative; what was not trained differs by about 1.
/// Of the distance that the weights moved in the segment.
constexpr double weights_tolerance = 0.25;
/// Of AdamW's moments at its end, and of the next step that follows from them: invented moments could lead the next
/// segment anywhere.
constexpr double moments_tolerance = 0.25;
/// Of the loss of each step, as relative_to_loss() has it.
constexpr double loss_tolerance = 0.02;
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

double length_of(const at::Tensor& tensor) {
    return std::sqrt(at::dot(tensor, tensor).item<double>());
}

/// ‖a − b‖ / ‖base‖; infinite where the base is zero and the difference is not.
double relative(const at::Tensor& a, const at::Tensor& b, const at::Tensor& base) {
    const double difference = length_of(a - b);
    return difference == 0 ? 0 : difference / length_of(base);
}

/// How far the claimed end of a segment is from the end that retraining it gives.
struct Deviation {
    double weights = 0, first_moments = 0, second_moments = 0, next_step = 0, loss = 0;
};

/// The direction of AdamW's next step.
at::Tensor direction(const TrainingState& state) {
    return state.first_moments / (state.second_moments.sqrt() + optimiser_settings.epsilon);
}

void compare_moments(const TrainingState& claimed, const TrainingState& again, Deviation& deviation) {
    deviation.first_moments = relative(claimed.first_moments, again.first_moments, again.first_moments);
    const at::Tensor root = again.second_moments.sqrt();
    deviation.second_moments = relative(claimed.second_moments.sqrt(), root, root);
    const at::Tensor next = direction(again);
    deviation.next_step = relative(direction(claimed), next, next);
}

/// All are finite and not negative; the log's reader and the training loop ensure that.
double worst_loss(const CheckedRun& run, std::uint64_t first_step, const std::vector<float>& again) {
    double worst = 0;
    for (std::size_t i = 0; i < again.size(); ++i) {
        const double loss = again[i];
        worst = std::max(worst, relative_to_loss(static_cast<double>(run.losses[first_step + i]) - loss, loss));
    }
    return worst;
}

Objection object_to_deviation(std::uint32_t segment, const Deviation& found) {
    spdlog::info(
        "segment {} trained again: weights differ by {:.2g} of their movement, moments by {:.2g} and {:.2g}, the "
        "next step by {:.2g}, losses by {:.2g}",
        segment, found.weights, found.first_moments, found.second_moments, found.next_step, found.loss);
    // Written so that NaN is an objection as well.
    if (!(found.loss <= loss_tolerance))
        return fmt::format(
            "segment {} trained again gives other losses than training_log.jsonl: {:.3g} apart, relative", segment,
            found.loss);
    if (!(found.weights <= weights_tolerance))
        return fmt::format("segment {} trained again ends elsewhere: {:.3g} of the way that its weights went", segment,
                           found.weights);
    if (!(std::max({found.first_moments, found.second_moments, found.next_step}) <= moments_tolerance))
        return fmt::format(
            "segment {} trained again ends with other moments: {:.3g}, {:.3g} and {:.3g} apart, relative", segment,
            found.first_moments, found.second_moments, found.next_step);
    return std::nullopt;
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
    Deviation deviation;
    deviation.loss = worst_loss(run, first_step, state.losses);
    if (segment + 1 == run.plan.segments) {
        deviation.weights = relative(run.weights, state.weights, state.weights - start);
        return deviation;
    }
    const Result<TrainingState> claimed = evidence.state(run, segment + 1);
    if (claimed.has_error()) return claimed.error();
    deviation.weights = relative(claimed->weights, state.weights, state.weights - start);
    compare_moments(*claimed, state, deviation);
    return deviation;
}

/// A permanent Error is an objection.
Result<Objection> examine(const CheckedRun& run, const Evidence& evidence, std::uint32_t segment, Reporter& reporter) {
    Result<TrainingState> state = evidence.state(run, segment);
    if (state.has_error()) return state.error();
    if (segment == 0) {
        if (Objection objection = object_to_beginning(run, *state)) return objection;
    }
    const Result<Deviation> deviation = train_again(run, evidence, segment, *std::move(state), reporter);
    if (deviation.has_error()) return deviation.error();
    return object_to_deviation(segment, *deviation);
}

}  // namespace

double relative_to_loss(double difference, double loss) {
    return std::abs(difference) / std::max(loss, loss_floor);
}

Result<Objection> object_to_segments(const CheckedRun& run, Reporter& reporter) {
    const std::vector<std::uint32_t> drawn = trainer_protocol::draw_segments(run.request.job.id, run.request.block_hash,
                                                                             run.plan.segments, run.request.draws);
    const Result<Evidence> evidence = Evidence::open(run, drawn);
    if (evidence.has_error()) return evidence.error();
    if (evidence->objection()) return evidence->objection();
    for (const std::uint32_t segment : drawn) {
        const Result<Objection> found = examine(run, *evidence, segment, reporter);
        if (!found && found.error().kind == ErrorKind::permanent) return Objection(found.error().message);
        if (!found || *found) return found;
    }
    return Objection();
}

}  // namespace emeth::trainer
