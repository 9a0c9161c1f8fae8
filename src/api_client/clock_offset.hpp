// How far this machine's wall clock is off, by the Date of the servers' answers and the chain's time: a signature for
// the Storage API holds for 60 s, so behind a clock that is off every request would be refused, after the deposit.
//
// The rule. The Storage API judges signatures by its own clock, so its Date says with what time to sign; but no further
// than `correction_max` from the wall clock, since one server must not have us sign for any time it likes. For a
// deposit that is not enough: a difference above `unremarkable` must be confirmed by the JOB info server's Date or by
// the chain's time. These two alone correct nothing and prevent nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "http/client.hpp"
#include "runtime/clock.hpp"

namespace emeth::api_client {

/// This machine's two clocks at one moment.
struct LocalTime {
    std::int64_t unix_ms = 0;
    Milliseconds monotonic{0};
};

/// Pure.
class ClockOffset {
public:
    enum class Server { storage_api, info_server };

    static constexpr Milliseconds correction_max{3'600'000};
    static constexpr Milliseconds unremarkable{10'000};
    /// How far apart two servers may be that agree.
    static constexpr Milliseconds servers_agree{30'000};
    /// The same for the chain, whose blocks may be some minutes apart.
    static constexpr Milliseconds chain_agrees{300'000};
    /// A longer exchange says too little about the moment at which the answer was dated.
    static constexpr Milliseconds exchange_max{10'000};

    /// An answer that is dated `date_unix_s`, to a request sent and received at these monotonic times. The newest
    /// counts.
    void take(Server server, std::int64_t date_unix_s, Milliseconds sent, Milliseconds received);

    /// What to add to the wall time before signing, in ms: 0 while nothing is known, where the wall time may be right,
    /// and beyond `correction_max`. The corrected time is never ahead of the server's.
    [[nodiscard]] std::int64_t correction_ms(LocalTime now) const;

    struct Verdict {
        bool may_deposit = true;
        std::string sentence;  ///< empty: the clock is right, or nothing is known about it
    };
    /// `chain_unix_s`: chain time now.
    [[nodiscard]] Verdict judge(LocalTime now, std::int64_t chain_unix_s) const;

private:
    /// Bounds of the server's time less the monotonic time, in ms; as an offset, less the wall time.
    struct Interval {
        std::int64_t low = 0, high = 0;
    };
    [[nodiscard]] static bool is_right(Interval offset);
    [[nodiscard]] static std::int64_t distance(Interval offset);
    [[nodiscard]] std::optional<Interval> offset(Server server, LocalTime now) const;
    [[nodiscard]] std::string witness(Interval storage, LocalTime now, std::int64_t chain_unix_s) const;

    std::map<Server, Interval> servers_;
};

/// What a node's clients share: they tell it their answers' headers, and sign with its time. Io thread only.
class NetworkClock {
public:
    /// `clock` must outlive it.
    explicit NetworkClock(Clock& clock) : clock_(clock) {}

    [[nodiscard]] Milliseconds monotonic() const { return clock_.monotonic(); }
    /// `sent`: monotonic. An answer without a usable Date, or from a cache (Age), is ignored.
    void answered(ClockOffset::Server server, const http::Headers& headers, Milliseconds sent);
    /// For a signature: the corrected wall time, or later, so that no two signatures have the same. A server of ours
    /// takes each of them once.
    [[nodiscard]] std::int64_t signing_unix_ms() { return last_signed_ms_ = std::max(unix_ms(), last_signed_ms_ + 1); }
    /// The wall time, corrected.
    [[nodiscard]] std::int64_t unix_ms() const { return clock_.unix_ms() + offset_.correction_ms(now()); }
    [[nodiscard]] ClockOffset::Verdict judge(std::int64_t chain_unix_s) const {
        return offset_.judge(now(), chain_unix_s);
    }

private:
    [[nodiscard]] LocalTime now() const { return {clock_.unix_ms(), clock_.monotonic()}; }

    Clock& clock_;
    ClockOffset offset_;
    std::int64_t last_signed_ms_ = 0;
};

}  // namespace emeth::api_client
