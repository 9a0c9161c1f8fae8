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
#include "trainer/formats/compute_record.hpp"
#include "trainer/model/compute.hpp"
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
    struct stat status{};
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
    if (digest.finish() != run.manifest.states[index])
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

Precision other_than(Precision precision) {
    return precision == Precision::bf16 ? Precision::float32 : Precision::bf16;
}

/// A segment as the evidence shows it.
struct ShownSegment {
    std::uint32_t index = 0;
    TrainingState begin;
    std::optional<TrainingState> end;  ///< none: it is the run's last one, whose end is the artifact's weights
};

Result<ShownSegment> shown_segment(const CheckedRun& run, const Evidence& evidence, std::uint32_t index) {
    Result<TrainingState> begin = evidence.state(run, index);
    if (begin.has_error()) return begin.error();
    ShownSegment shown{index, *std::move(begin), {}};
    if (index + 1 == run.plan.segments) return shown;
    Result<TrainingState> end = evidence.state(run, index + 1);
    if (end.has_error()) return end.error();
    shown.end = *std::move(end);
    return shown;
}

/// Trains from `state`, where segment `index` begins, to its end. A permanent Error says what is wrong with it.
Result<TrainingState> train_again(const CheckedRun& run, std::uint32_t index, TrainingState state,
                                  const Compute& compute, Reporter& reporter) {
    const std::uint64_t end = trainer_protocol::step_of_state(index + 1, run.plan.segments, run.plan.steps_total);
    const TrainingSetup setup{run.request.job.id, run.preset, run.plan, compute, 0, end};
    KeepsNothing keeper;
    Alone alone;
    if (Result<void> trained = train(setup, run.layout, run.tokens, state, keeper, alone, reporter); !trained)
        return in_context(fmt::format("segment {} trained again", index), trained.error());
    return state;
}

/// How far the claimed end is from that of a replay.
Deviation deviation_from(const CheckedRun& run, const ShownSegment& shown, const TrainingState& again) {
    const SegmentEnd claimed{std::span(run.losses).subspan(shown.begin.step, again.losses.size()),
                             shown.end ? shown.end->weights : run.weights, shown.end ? &*shown.end : nullptr};
    return deviation(claimed, {again.losses, again.weights, &again}, shown.begin.weights);
}

void log_deviation(std::uint32_t segment, std::string_view what, const Deviation& found) {
    spdlog::info(
        "segment {}: {} differs in the weights by {:.2g} ({:.2g} weighted) of their movement, in the moments by {:.2g} "
        "and {:.2g}, in the next step by {:.2g}, in the losses by {:.2g}",
        segment, what, found.weights, found.weighted_weights, found.first_moments, found.second_moments,
        found.next_step, found.loss);
}

/// A segment trained again in one way. What an earlier check found out before it was interrupted is not computed again.
/// Permanent Errors are objections.
class Replay {
public:
    Replay(const CheckedRun& run, const ShownSegment& shown, Exactness exactness, const Compute& compute,
           Reporter& reporter)
        : run_(run), shown_(shown), exactness_(exactness), compute_(compute), reporter_(reporter) {}

    /// How far the claimed end is from that of the replay.
    Result<Deviation> end() {
        return known_or_computed("end", [this](const TrainingState& again) -> Result<Deviation> {
            return deviation_from(run_, shown_, again);
        });
    }
    /// How far two replays are apart that begin a rounding error apart.
    Result<Deviation> twin() {
        return known_or_computed("twin", [this](const TrainingState& again) -> Result<Deviation> {
            const Result<TrainingState> twin =
                train_again(run_, shown_.index, rounded_otherwise(shown_.begin, exactness_), compute_, reporter_);
            if (twin.has_error()) return twin.error();
            return deviation({twin->losses, twin->weights, &*twin}, {again.losses, again.weights, &again},
                             shown_.begin.weights);
        });
    }

private:
    template <class Compare>
    Result<Deviation> known_or_computed(std::string_view what, Compare compare) {
        const Hash256 identity = identity_of(what);
        if (const std::optional<Deviation> known = run_.record.deviation(identity)) {
            spdlog::info("segment {} is known from before this check was interrupted", shown_.index);
            return *known;
        }
        if (!again_) {
            spdlog::info("segment {} is trained again in {}", shown_.index, precision_name(compute_.precision));
            Result<TrainingState> again = train_again(run_, shown_.index, shown_.begin.copy(), compute_, reporter_);
            if (again.has_error()) return again.error();
            again_ = *std::move(again);
        }
        const Result<Deviation> found = compare(*again_);
        if (found.has_error()) return found.error();
        run_.record.add_deviation(identity, *found);
        return *found;
    }

    /// All that a deviation follows from. The digests of the segment's two ends cover their weights and moments; the
    /// header of the first one covers JOB, dataset, tokenizer, model and epochs.
    [[nodiscard]] Hash256 identity_of(std::string_view what) const {
        const std::uint32_t segments = run_.plan.segments;
        const std::uint64_t end = trainer_protocol::step_of_state(shown_.index + 1, segments, run_.plan.steps_total);
        const StateHeader header = run_.states.header(shown_.begin.step);
        const std::vector<Hash256>& digests = run_.manifest.states;
        crypto::Sha256 digest;
        digest.update(fmt::format("segment/2/{}/{}/{}/{}/{}/{}/{}/{}/{}/", what, run_.request.job.id.hex(),
                                  shown_.index, segments, end, digests[shown_.index].hex(),
                                  digests[shown_.index + 1].hex(), static_cast<int>(exactness_), way_of(compute_)));
        digest.update(bytes_of(&header, 1));
        digest.update(bytes_of(run_.losses.data() + shown_.begin.step, end - shown_.begin.step));
        return digest.finish();
    }

    const CheckedRun& run_;
    const ShownSegment& shown_;
    Exactness exactness_;
    const Compute& compute_;
    Reporter& reporter_;
    std::optional<TrainingState> again_;  ///< the replay's end
};

/// Only if the claimed end is farther away than usual, a second replay shows how much of that rounding explains.
Result<Objection> object_to_replay(std::uint32_t segment, Exactness exactness, Replay& replay, Deviation& found) {
    const Result<Deviation> end = replay.end();
    if (end.has_error()) return end.error();
    found = *end;
    log_deviation(segment, "its end, trained again,", found);
    if (!object_to_deviation(segment, found, usual_deviation(exactness))) return Objection();
    const Result<Deviation> twin = replay.twin();
    if (twin.has_error()) return twin.error();
    log_deviation(segment, "a replay that begins a rounding error away", *twin);
    return object_to_deviation(segment, found, allowed_deviation(exactness, *twin));
}

/// What computes the segment again: in the recorded number type; where other hardware than this computed it and that
/// does not fit, in the other one.
Result<std::vector<Compute>> ways_to_compute(const CheckedRun& run, std::uint32_t segment) {
    const Precision recorded = run.manifest.compute.precision(segment);
    std::vector<Compute> ways;
    for (const Precision precision : {recorded, other_than(recorded)}) {
        trainer_protocol::ComputeOptions options = run.request.compute;
        options.precision = precision_name(precision);
        const Result<Compute> compute = resolve_compute(options, run.preset);
        if (compute.has_error()) return compute.error();
        ways.push_back(*compute);
        if (is_of_this_hardware(run.manifest.compute, segment, record_of(*compute))) break;
    }
    return ways;
}

/// A permanent Error is an objection.
Result<Objection> examine(const CheckedRun& run, const Evidence& evidence, std::uint32_t segment, Deviation& worst,
                          Reporter& reporter) {
    const Result<ShownSegment> shown = shown_segment(run, evidence, segment);
    if (shown.has_error()) return shown.error();
    if (segment == 0) {
        if (Objection objection = object_to_beginning(run, shown->begin)) return objection;
    }
    const Result<std::vector<Compute>> ways = ways_to_compute(run, segment);
    if (ways.has_error()) return ways.error();
    const Exactness exact = exactness(run.manifest.compute, segment, record_of(ways->front()));
    Objection first_objection;
    for (const Compute& compute : *ways) {
        Deviation found;
        Replay replay(run, *shown, exact, compute, reporter);
        Result<Objection> objection = object_to_replay(segment, exact, replay, found);
        if (objection.has_error()) return objection;
        if (!*objection || !first_objection) worst = worse_of(worst, found);
        if (!*objection) return objection;
        if (!first_objection) first_objection = *std::move(objection);
    }
    return first_objection;
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
