// How fast a body has to travel, in either direction, so that a trickle does not hold a place for ever. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "runtime/clock.hpp"

namespace emeth::http {

struct PaceOptions {
    std::uint64_t bytes_per_s_min = 4 << 10;  ///< on average, once `grace` is over
    Milliseconds grace{30'000};
    std::optional<Milliseconds> time_max{};  ///< of the whole body
};

class BodyPace {
public:
    BodyPace(PaceOptions options, Milliseconds start) : options_(options), start_(start) {}

    /// What passes between them is not the peer's time: a slow disk is not held against him.
    void resume(Milliseconds now) {
        if (paused_at_) start_ += now - *paused_at_;
        paused_at_.reset();
    }
    void pause(Milliseconds now, std::uint64_t bytes_passed) {
        paused_at_ = now;
        bytes_ += bytes_passed;
    }
    /// When `more` bytes must have passed, too. Monotonic, as `start` is.
    [[nodiscard]] Milliseconds deadline(std::uint64_t more = 0) const {
        const Milliseconds by_rate = start_ + options_.grace + time_for(bytes_ + more);
        return options_.time_max ? std::min(by_rate, start_ + *options_.time_max) : by_rate;
    }
    /// From when on it is so slow that it gives way to others, if there is no place for them.
    [[nodiscard]] Milliseconds gives_way_from() const { return start_ + options_.grace / 3 + time_for(bytes_); }

private:
    [[nodiscard]] Milliseconds time_for(std::uint64_t bytes) const {
        return Milliseconds(static_cast<std::int64_t>(static_cast<double>(bytes) * 1'000 /
                                                      static_cast<double>(options_.bytes_per_s_min)));
    }

    PaceOptions options_;
    Milliseconds start_;
    std::optional<Milliseconds> paused_at_;
    std::uint64_t bytes_ = 0;
};

}  // namespace emeth::http
