#include "trainer/checkpoints/checkpoint.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <array>
#include <utility>

#include "trainer/data/streamed_file.hpp"

namespace emeth::trainer {
namespace {

constexpr std::array<char, 8> magic{'E', 'M', 'C', 'K', 'P', 'T', '0', '1'};
constexpr int generations = 2;

/// Comes before losses, weights and moments, all float32, little-endian; the SHA-256 of everything follows them.
struct Header {
    std::array<char, 8> magic;
    std::array<std::uint8_t, 32> fingerprint;
    std::uint64_t step;
    std::uint64_t weight_count;
};
static_assert(sizeof(Header) == 56);

std::span<const std::uint8_t> bytes_of_tensor(const at::Tensor& tensor) {
    return bytes_of(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()));
}

Result<at::Tensor> read_tensor(StreamedReader& reader, std::int64_t count) {
    at::Tensor tensor = at::empty({count}, at::kFloat);
    const std::span<float> values(tensor.data_ptr<float>(), static_cast<std::size_t>(count));
    if (Result<void> read = reader.read({reinterpret_cast<std::uint8_t*>(values.data()), values.size_bytes()}); !read)
        return read.error();
    return tensor;
}

}  // namespace

CheckpointStore::CheckpointStore(std::filesystem::path folder, const Hash256& fingerprint, std::int64_t weight_count)
    : folder_(std::move(folder)), fingerprint_(fingerprint), weight_count_(weight_count) {}

void CheckpointStore::discard() {
    std::error_code ignored;  // what stays is of steps that are trained again
    for (int generation = 0; generation < generations; ++generation) std::filesystem::remove(path(generation), ignored);
}

std::filesystem::path CheckpointStore::path(int generation) const {
    return folder_ / fmt::format("checkpoint-{}.bin", generation);
}

Result<Hash256> CheckpointStore::save(const TrainingState& state) {
    Result<StreamedWriter> writer = StreamedWriter::create(path(next_generation_));
    if (writer.has_error()) return writer.error();
    const Header header{magic, fingerprint_.bytes, state.step, static_cast<std::uint64_t>(weight_count_)};
    for (const std::span<const std::uint8_t> part :
         {bytes_of(&header, 1), bytes_of(state.losses.data(), state.losses.size()), bytes_of_tensor(state.weights),
          bytes_of_tensor(state.first_moments), bytes_of_tensor(state.second_moments)}) {
        if (Result<void> written = writer->write(part); written.has_error()) return written.error();
    }
    const Result<Hash256> digest = writer->finish();
    if (digest) next_generation_ = (next_generation_ + 1) % generations;
    return digest;
}

Result<TrainingState> CheckpointStore::load(int generation) const {
    Result<StreamedReader> reader = StreamedReader::open(path(generation));
    if (reader.has_error()) return reader.error();
    Header header{};
    if (Result<void> read = reader->read({reinterpret_cast<std::uint8_t*>(&header), sizeof header}); !read)
        return read.error();
    const auto weight_count = static_cast<std::uint64_t>(weight_count_);
    if (header.magic != magic || header.fingerprint != fingerprint_.bytes || header.weight_count != weight_count)
        return permanent_error(path(generation).string() + " belongs to another run");
    if (header.step > reader->content_bytes() / sizeof(float))
        return permanent_error(path(generation).string() + " is shorter than its header says");

    TrainingState state;
    state.step = header.step;
    state.losses.resize(header.step);
    const std::span<float> losses(state.losses);
    if (Result<void> read = reader->read({reinterpret_cast<std::uint8_t*>(losses.data()), losses.size_bytes()}); !read)
        return read.error();
    for (at::Tensor* tensor : {&state.weights, &state.first_moments, &state.second_moments}) {
        Result<at::Tensor> values = read_tensor(*reader, weight_count_);
        if (values.has_error()) return values.error();
        *tensor = *std::move(values);
    }
    return state;
}

std::optional<TrainingState> CheckpointStore::load_newest() {
    std::optional<TrainingState> newest;
    for (int generation = 0; generation < generations; ++generation) {
        Result<TrainingState> state = load(generation);
        if (!state || (newest && newest->step >= state->step)) continue;
        newest = *std::move(state);
        next_generation_ = (generation + 1) % generations;
    }
    return newest;
}

}  // namespace emeth::trainer
