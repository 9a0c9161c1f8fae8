#include "simulation/oddities.hpp"

#include <array>
#include <iterator>

namespace emeth::simulation {
namespace {

constexpr std::array untrainable{R"({"language":"en","epoch":2,"model":"gpt9"})", "no JSON", "\xff\xfe\x1b[2J",
                                 R"({"language":"en","epoch":1000000})"};

/// One stream for each of the functions below, and for each kind that was added later.
enum class Stream : std::uint64_t {
    jobs = ~std::uint64_t{0},
    futile = 0xf001,
    network = 0xf002,
    clock = 0xf003,
    allowance = 0xf004,
};

Dice dice_of(std::uint64_t seed, Stream stream) {
    return Dice(seed ^ static_cast<std::uint64_t>(stream));
}

}  // namespace

void make_jobs_odd(std::uint64_t seed, Stories& stories, SimulatedStorage& storage) {
    Dice dice = dice_of(seed, Stream::jobs);
    Dice futile = dice_of(seed, Stream::futile);
    for (auto& [id, story] : stories) {
        const auto requested_at = Milliseconds(1'000 * story.requested_at_s);
        SimulatedStorage::Dataset dataset{story.bytes};
        if (dice.chance(0.06)) {
            story.can_be_trained = false;
            story.param = untrainable[static_cast<std::size_t>(dice.between(0, std::ssize(untrainable) - 1))];
        } else if (dice.chance(0.06)) {
            story.can_be_trained = false;
            dataset.missing_until = Milliseconds::max();
        } else if (dice.chance(0.1)) {
            dataset.faulty_until = requested_at + Milliseconds(1'000 * dice.between(0, 2'000));
            dataset.missing_until = dataset.faulty_until + Milliseconds(1'000 * dice.between(0, 2'000));
        }
        if (futile.chance(0.03)) {
            story.is_futile = true;
            dataset.trains = false;
        } else if (futile.chance(0.02)) {
            story.is_futile = true;
            dataset.shrinks_at = requested_at + Milliseconds(1'000 * futile.between(0, 600));
        }
        storage.put_dataset(id.hex(), dataset);
    }
}

void make_network_odd(std::uint64_t seed, SimulatedStorage& storage, SimulatedWorkers& workers) {
    Dice dice = dice_of(seed, Stream::network);
    if (dice.chance(0.2)) storage.leave_out_extensions();
    if (dice.chance(0.15)) workers.let_one_deny();
}

bool make_clock_odd(std::uint64_t seed, SimulatedClock& clock) {
    constexpr std::int64_t hour_ms = 3'600'000;
    Dice dice = dice_of(seed, Stream::clock);
    const bool too_far = dice.chance(0.03);
    if (too_far)
        clock.set_wall_off(Milliseconds((dice.chance(0.5) ? 1 : -1) * dice.between(2 * hour_ms, 30 * hour_ms)));
    else if (dice.chance(0.3))
        clock.set_wall_off(Milliseconds(dice.between(-hour_ms / 2, hour_ms / 2)));
    return too_far;
}

std::optional<Amount> draw_allowance_cap(std::uint64_t seed) {
    Dice dice = dice_of(seed, Stream::allowance);
    if (dice.chance(0.5)) return std::nullopt;
    return dice.between(40, 200) * emt;
}

}  // namespace emeth::simulation
