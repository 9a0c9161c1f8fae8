#include "api_client/clock_offset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "http/date.hpp"
#include "statemachine/text.hpp"

namespace emeth::api_client {
namespace {

constexpr std::int64_t second_ms = 1'000;

}  // namespace

/// A Date names the second in which the answer was made, some time between sending and receiving.
void ClockOffset::take(Server server, std::int64_t date_unix_s, Milliseconds sent, Milliseconds received) {
    if (received < sent || received - sent > exchange_max) return;
    const std::int64_t date_ms = date_unix_s * second_ms;
    servers_.insert_or_assign(server, Interval{date_ms - received.count(), date_ms + second_ms - 1 - sent.count()});
}

std::optional<ClockOffset::Interval> ClockOffset::offset(Server server, LocalTime now) const {
    const auto known = servers_.find(server);
    if (known == servers_.end()) return std::nullopt;
    const std::int64_t wall = now.unix_ms - now.monotonic.count();
    return Interval{known->second.low - wall, known->second.high - wall};
}

std::int64_t ClockOffset::correction_ms(LocalTime now) const {
    const std::optional<Interval> storage = offset(Server::storage_api, now);
    if (!storage || is_right(*storage) || distance(*storage) > correction_max.count()) return 0;
    return storage->low;
}

bool ClockOffset::is_right(Interval offset) {
    return offset.low <= 0 && offset.high >= 0;
}

/// How far off the clock is at least.
std::int64_t ClockOffset::distance(Interval offset) {
    return std::max({offset.low, -offset.high, std::int64_t{0}});
}

/// Who else says so; empty if nobody does.
std::string ClockOffset::witness(Interval storage, LocalTime now, std::int64_t chain_unix_s) const {
    if (const std::optional<Interval> info = offset(Server::info_server, now)) {
        const std::int64_t apart = std::max(info->low - storage.high, storage.low - info->high);
        if (apart <= servers_agree.count()) return "the JOB info server";
    }
    const std::int64_t apart = chain_unix_s * second_ms - (now.unix_ms + storage.low);
    return std::abs(apart) <= chain_agrees.count() ? "the chain" : "";
}

ClockOffset::Verdict ClockOffset::judge(LocalTime now, std::int64_t chain_unix_s) const {
    const std::optional<Interval> storage = offset(Server::storage_api, now);
    if (!storage) return {};
    const bool behind = storage->low > 0;
    const std::int64_t off_ms = distance(*storage);
    if (is_right(*storage) || off_ms <= unremarkable.count()) return {};
    const std::string off = fmt::format("this machine's clock is {} {} the Storage API's",
                                        duration_text(off_ms / second_ms), behind ? "behind" : "ahead of");
    if (off_ms > correction_max.count())
        return {false, fmt::format("{}, and no more than {} is corrected: no JOB is taken; set the clock", off,
                                   duration_text(correction_max.count() / second_ms))};
    const std::string witnessed = witness(*storage, now, chain_unix_s);
    if (witnessed.empty())
        return {false, off +
                           ", which neither the JOB info server nor the chain confirms: no JOB is taken; set the "
                           "clock, or check storageApi"};
    return {true, fmt::format("{}, as {} confirms; requests are signed with the corrected time: set the clock", off,
                              witnessed)};
}

void NetworkClock::answered(ClockOffset::Server server, const http::Headers& headers, Milliseconds sent) {
    const auto date = headers.find("date");
    if (date == headers.end() || headers.contains("age")) return;
    const std::optional<std::int64_t> unix_s = http::parse_date(date->second);
    if (unix_s) offset_.take(server, *unix_s, sent, clock_.monotonic());
}

}  // namespace emeth::api_client
