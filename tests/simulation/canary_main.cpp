// The simulator's own test: linked with a sender that broadcasts before it commits, it must be caught within 1,000
// lives. Exit code 0: it was.
#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "runtime/processors.hpp"
#include "simulation/sim_command.hpp"

int main() {
    constexpr std::uint64_t lives_max = 1'000;
    std::uint64_t lived = 0;
    std::string found;
    emeth::simulation::live_many(1, lives_max, emeth::processors(), [&](const emeth::simulation::LifeReport& report) {
        ++lived;
        if (!report.violations.empty()) found = report.violations.front();
        return found.empty();
    });
    if (found.empty()) {
        std::fprintf(stderr, "a sender that broadcasts before it commits was not caught in %llu lives\n",
                     static_cast<unsigned long long>(lived));
        return 1;
    }
    std::printf("caught after %llu lives: %s\n", static_cast<unsigned long long>(lived), found.c_str());
    return 0;
}
