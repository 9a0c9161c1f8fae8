// A clock whose wall time is set by the test; it sleeps for real.
#pragma once

#include "runtime/clock.hpp"

namespace emeth::test {

class ManualClock : public Clock {
public:
    explicit ManualClock(std::int64_t start_unix_ms) : now_unix_ms(start_unix_ms) {}

    [[nodiscard]] std::int64_t unix_ms() const override { return now_unix_ms; }
    [[nodiscard]] Milliseconds monotonic() const override { return system_clock().monotonic(); }
    Task<> sleep(Milliseconds duration) override { return system_clock().sleep(duration); }

    std::int64_t now_unix_ms;
};

}  // namespace emeth::test
