// What is refused, told in a log of bounded length: whoever is refused can be refused as often as he likes. Pure.
//
//   refusals.note("a handshake is refused", peer, reason);
//   for (const std::string& line : refusals.due(clock.monotonic())) spdlog::warn(line);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/clock.hpp"

namespace emeth {

class RefusalTally {
public:
    static constexpr Milliseconds line_interval{60'000};
    static constexpr std::size_t causes_max = 16;
    static constexpr std::size_t addresses_max = 256;  ///< counted one by one, of each cause

    /// `cause`: one of a few fixed texts. `detail`: of this one, which may say anything that may be logged.
    void note(std::string_view cause, const std::string& address, std::string_view detail = {});
    /// One line for each cause of which something is to be told and nothing was for a minute:
    /// "too many connections at once: 312 times, most often from 10.0.0.7 (300); the last: …".
    std::vector<std::string> due(Milliseconds now);

private:
    struct Cause {
        std::uint64_t times = 0;
        std::map<std::string, std::uint64_t> by_address;
        std::string last_detail;
        std::optional<Milliseconds> told_at;
    };
    static std::string text_of(std::string_view name, const Cause& cause);

    std::map<std::string, Cause, std::less<>> causes_;
};

}  // namespace emeth
