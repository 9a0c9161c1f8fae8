#include "trainer/team/team_control.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "trainer/formats/rendezvous_messages.hpp"

namespace emeth::trainer {
namespace {

constexpr std::size_t bounds_at = 2;
constexpr std::int64_t control_size = bounds_at + rendezvous::workers_max + 1;

Error nonsense() {
    return transient_error("the leader's message before the step makes no sense");
}

Result<TeamControl> read_control(const std::int64_t* words, std::size_t size) {
    TeamControl control;
    if (words[0] < 1 || words[0] > 3 || words[1] < 0) return nonsense();
    control.kind = static_cast<TeamControl::Kind>(words[0]);
    control.step = static_cast<std::uint64_t>(words[1]);
    std::int64_t last = 0;
    for (std::size_t i = 0; i <= size; ++i) {
        const std::int64_t bound = words[bounds_at + i];
        if (bound < last) return nonsense();
        last = bound;
        control.bounds.push_back(static_cast<std::size_t>(bound));
    }
    return control;
}

}  // namespace

Share TeamControl::share(int rank) const {
    const auto place = static_cast<std::size_t>(rank);
    return {bounds.at(place), bounds.at(place + 1)};
}

Result<TeamControl> share_control(ProcessGroup& group, const TeamControl& own) {
    const auto [rank, size] = group.place();
    const at::Tensor words = at::zeros({control_size}, at::kLong);
    auto* word = words.data_ptr<std::int64_t>();
    if (rank == 0) {
        word[0] = static_cast<std::int64_t>(own.kind);
        word[1] = static_cast<std::int64_t>(own.step);
        std::ranges::copy(own.bounds, word + bounds_at);
    }
    if (Result<void> told = group.broadcast(words); told.has_error()) return told.error();
    return read_control(word, static_cast<std::size_t>(size));
}

Result<void> share_state(ProcessGroup& group, TrainingState& state) {
    for (const at::Tensor& tensor : {state.weights, state.first_moments, state.second_moments}) {
        const at::Tensor here = tensor.cpu();
        if (Result<void> shared = group.broadcast(here); !shared) return shared;
        if (!tensor.is_cpu()) tensor.copy_(here);
    }
    return {};
}

std::vector<std::size_t> share_out(std::size_t sequences, const std::vector<double>& speeds) {
    const auto known = std::ranges::count_if(speeds, [](double speed) { return speed > 0; });
    const double sum = std::accumulate(speeds.begin(), speeds.end(), 0.0);
    const double mean = known == 0 ? 1 : sum / static_cast<double>(known);
    const double total = sum + mean * static_cast<double>(speeds.size() - static_cast<std::size_t>(known));
    const std::size_t each = sequences >= speeds.size() ? 1 : 0;  // so that every member's speed can be measured
    const auto in_proportion = static_cast<double>(sequences - each * speeds.size());
    std::vector<std::size_t> bounds{0};
    double before = 0;
    for (const double speed : speeds) {
        before += speed > 0 ? speed : mean;
        bounds.push_back(each * bounds.size() + static_cast<std::size_t>(std::lround(in_proportion * before / total)));
    }
    bounds.back() = sequences;
    return bounds;
}

}  // namespace emeth::trainer
