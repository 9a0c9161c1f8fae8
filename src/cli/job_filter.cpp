#include "cli/job_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "runtime/parse_number.hpp"
#include "runtime/redaction.hpp"
#include "runtime/utc_text.hpp"

namespace emeth::cli {

namespace {

using statemachine::Job;
using statemachine::State;

constexpr std::int64_t ms_a_minute = 60'000;

std::optional<int> digits(std::string_view text) {
    return text.starts_with('-') ? std::nullopt : parse_number<int>(text);
}

/// "90m", "6h", "2d".
std::optional<std::int64_t> age_ms(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    constexpr std::array<std::pair<char, std::int64_t>, 3> units{
        {{'m', ms_a_minute}, {'h', 60 * ms_a_minute}, {'d', 24 * 60 * ms_a_minute}}};
    const auto unit = std::ranges::find(units, text.back(), &std::pair<char, std::int64_t>::first);
    const auto count = digits(text.substr(0, text.size() - 1));
    if (unit == units.end() || !count) return std::nullopt;
    return *count * unit->second;
}

std::optional<std::int64_t> date_ms(std::string_view text) {
    constexpr std::size_t date_size = 10, minute_size = 16;
    if (text.size() != date_size && text.size() != minute_size) return std::nullopt;
    const std::optional<std::int64_t> day = parse_utc_date(text.substr(0, date_size));
    if (!day) return std::nullopt;
    std::int64_t minutes = *day * 24 * 60;
    if (text.size() == minute_size) {
        const auto hour = digits(text.substr(11, 2)), minute = digits(text.substr(14, 2));
        if ((text[10] != ' ' && text[10] != 'T') || text[13] != ':' || !hour || !minute || *hour > 23 || *minute > 59)
            return std::nullopt;
        minutes += 60 * *hour + *minute;
    }
    return minutes * ms_a_minute;
}

}  // namespace

bool JobFilter::shows(const Job& job) const {
    if (!states.empty() && std::ranges::find(states, job.state) == states.end()) return false;
    if (worker && (job.lease.number == 0 || job.lease.worker != *worker)) return false;
    if (since_unix_ms && job.entered_at_unix_ms < *since_unix_ms) return false;
    return !until_unix_ms || job.entered_at_unix_ms < *until_unix_ms;
}

Result<State> parse_state(std::string_view text) {
    std::string names;
    for (const State state : statemachine::all_states) {
        if (statemachine::name(state) == text) return state;
        names += names.empty() ? "" : ", ";
        names += statemachine::name(state);
    }
    return permanent_error(fmt::format("'{}' is no state; there are {}", redacted(text), names));
}

Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_unix_ms) {
    if (const auto age = age_ms(text)) return now_unix_ms - *age;
    if (const auto date = date_ms(text)) return *date;
    return permanent_error(
        fmt::format("'{}' is no time: expected 2026-11-22, \"2026-11-22 21:02\" (UTC), or an age as 90m, 6h or 2d",
                    redacted(text)));
}

Result<JobOrder> parse_order(std::string_view text) {
    if (text == "id") return JobOrder::id;
    if (text == "deadline") return JobOrder::deadline;
    if (text == "fee") return JobOrder::fee;
    if (text == "updated") return JobOrder::updated;
    return permanent_error(fmt::format("'{}' is no order; there are id, deadline, fee, updated", redacted(text)));
}

JobPlace::JobPlace(const Job& job, JobOrder order) : id(job.terms.id) {
    switch (order) {
        case JobOrder::id:
            return;
        case JobOrder::deadline:
            time = job.terms.deadline_unix_s;
            return;
        case JobOrder::fee:
            fee = job.terms.fee;
            return;
        case JobOrder::updated:
            time = -job.entered_at_unix_ms;
            return;
    }
}

void sort_places(std::vector<JobPlace>& places, JobOrder order, std::size_t limit) {
    const auto before = [](const JobPlace& a, const JobPlace& b) {
        return std::tie(a.time, b.fee, a.id) < std::tie(b.time, a.fee, b.id);
    };
    const std::size_t kept = limit == 0 ? places.size() : std::min(limit, places.size());
    if (order != JobOrder::id)
        std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(kept), places.end(), before);
    places.resize(kept);
}

}  // namespace emeth::cli
