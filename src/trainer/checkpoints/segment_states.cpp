#include "trainer/checkpoints/segment_states.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"
#include "trainer/data/streamed_file.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

constexpr std::array<char, 8> magic{'E', 'M', 'S', 'E', 'G', 'M', '0', '1'};
constexpr mode_t private_folder = 0700;

std::span<const std::uint8_t> bytes_of_tensor(const at::Tensor& tensor) {
    return bytes_of(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()));
}

}  // namespace

Hash256 run_fingerprint(const trainer_protocol::JobSpec& job, const Hash256& dataset_sha256,
                        const Hash256& tokenizer_sha256, const Plan& plan) {
    return crypto::sha256(fmt::format("run/{}/{}/{}/{}/{}/{}", plan.epoch_is_one_round() ? 1 : 2, job.id.hex(),
                                      job.model, job.epochs, dataset_sha256.hex(), tokenizer_sha256.hex()));
}

SegmentStates::SegmentStates(std::filesystem::path folder, const Hash256& run, std::int64_t weight_count,
                             const Plan& plan)
    : folder_(std::move(folder)), run_(run), weight_count_(weight_count), steps_total_(plan.steps_total) {
    for (std::uint32_t index = 0; index < plan.segments; ++index)
        begins_.push_back(trainer_protocol::step_of_state(index, plan.segments, plan.steps_total));
}

bool SegmentStates::begins_segment(std::uint64_t step) const {
    return std::ranges::binary_search(begins_, step);
}

StateHeader SegmentStates::header(std::uint64_t step) const {
    return {magic, run_.bytes, step, static_cast<std::uint64_t>(weight_count_)};
}

std::uint64_t SegmentStates::content_bytes() const {
    return sizeof(StateHeader) + 3 * sizeof(float) * static_cast<std::uint64_t>(weight_count_);
}

Result<void> SegmentStates::save(const TrainingState& state) {
    const auto found = std::ranges::lower_bound(begins_, state.step);
    const auto index = static_cast<std::uint32_t>(found - begins_.begin());
    const std::filesystem::path path = trainer_protocol::state_file(folder_, index);
    if (Result<void> made = create_folder(path.parent_path(), private_folder); !made) return made;
    Result<StreamedWriter> writer = StreamedWriter::create(path);
    if (writer.has_error()) return writer.error();
    const StateHeader front = header(state.step);
    for (const std::span<const std::uint8_t> part :
         {bytes_of(&front, 1), bytes_of_tensor(state.weights), bytes_of_tensor(state.first_moments),
          bytes_of_tensor(state.second_moments)}) {
        if (Result<void> written = writer->write(part); !written) return written;
    }
    const Result<Hash256> digest = writer->finish();
    if (digest.has_error()) return digest.error();
    return {};
}

/// Read from the end of the file: a file renamed into place is complete, and its content is checked when it is shown.
Result<Hash256> SegmentStates::recorded_digest(std::uint32_t index) const {
    const std::filesystem::path path = trainer_protocol::state_file(folder_, index);
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.is_open()) return errno_error("cannot open " + path.string(), errno);
    StateHeader front{};
    Hash256 digest;
    struct stat status{};
    const auto expected = content_bytes() + Hash256::size_bytes;
    const bool whole = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                       static_cast<std::uint64_t>(status.st_size) == expected &&
                       ::pread(file.get(), &front, sizeof front, 0) == static_cast<ssize_t>(sizeof front) &&
                       ::pread(file.get(), digest.bytes.data(), digest.bytes.size(),
                               static_cast<off_t>(content_bytes())) == static_cast<ssize_t>(digest.bytes.size());
    if (!whole || front != header(begins_[index]))
        return permanent_error(fmt::format("{} is not a state of this run", path.string()));
    return digest;
}

bool SegmentStates::complete_before(std::uint64_t step) const {
    for (std::uint32_t index = 0; index < begins_.size() && begins_[index] < step; ++index)
        if (!recorded_digest(index)) return false;
    return true;
}

Result<std::vector<Hash256>> SegmentStates::digests(const at::Tensor& weights) const {
    std::vector<Hash256> all;
    for (std::uint32_t index = 0; index < begins_.size(); ++index) {
        const Result<Hash256> digest = recorded_digest(index);
        if (digest.has_error()) return digest.error();
        all.push_back(*digest);
    }
    all.push_back(last_digest(weights));
    return all;
}

Hash256 SegmentStates::last_digest(const at::Tensor& weights) const {
    const StateHeader front = header(steps_total_);
    crypto::Sha256 digest;
    digest.update(bytes_of(&front, 1));
    digest.update(bytes_of_tensor(weights));
    return digest.finish();
}

}  // namespace emeth::trainer
