// What a check has computed so far, kept in its folder, so that a check that was killed goes on after it. Each
// outcome stands under a digest of everything that it follows from: none is ever found for another artifact, other
// evidence, or another way to compute.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "statemachine/types.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/verification/segment_deviation.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::trainer {

class CheckRecord {
public:
    /// A record that is missing or damaged is an empty one.
    static CheckRecord load(const std::filesystem::path& folder);

    [[nodiscard]] std::optional<Deviation> deviation(const Hash256& of) const;
    [[nodiscard]] std::optional<double> validation_loss(const Hash256& of) const;

    // Kept when they return: a kill costs nothing, and a power loss at most about a second's work. Where the disk
    // refuses, a warning is logged and the check goes on.
    void add_deviation(const Hash256& of, const Deviation& deviation);
    void add_validation_loss(const Hash256& of, double loss);

    /// The oldest outcomes beyond this many are dropped: two replays of each drawn segment in two number types, and the
    /// validation loss.
    static constexpr std::size_t outcomes_max = 4 * (trainer_protocol::draws_max + 1) + 1;

private:
    static constexpr std::size_t numbers_max = 6;
    struct Outcome {
        Hash256 of;
        std::array<double, numbers_max> numbers{};
    };

    explicit CheckRecord(std::filesystem::path path) : path_(std::move(path)) {}
    [[nodiscard]] const Outcome* find(const Hash256& of) const;
    void add(const Outcome& outcome);

    std::filesystem::path path_;
    std::vector<Outcome> outcomes_;                        ///< oldest first
    Milliseconds synced_at_ = system_clock().monotonic();  ///< or begun
};

/// The way in which this machine and this version compute, in words.
std::string way_of(const Compute& compute);

}  // namespace emeth::trainer
