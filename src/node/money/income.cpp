#include "node/money/income.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "chain/amount.hpp"
#include "chain/chain.hpp"
#include "chain/json_amount.hpp"
#include "node/money/rewards.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

constexpr std::size_t note_bytes_max = 4'096;
constexpr std::string_view what = "the note of a day's income";

std::string income_cursor(std::uint64_t day) {
    return fmt::format("income/{}", day);
}

/// A contract may keep more than it gives.
void add_verified(DayOfIncome& day, const sm::Job& job) {
    ++day.verified;
    day.gas += job.outcome.gas;
    if (!job.outcome.paid) {
        ++day.unknown;
        return;
    }
    const Wei& paid = *job.outcome.paid;
    const Wei& deposit = job.deposit.deposit;
    day.penalties = chain::saturating_sum(day.penalties, chain::saturating_difference(deposit, paid));
    day.fees = chain::saturating_sum(day.fees, chain::saturating_difference(paid, deposit));
}

}  // namespace

std::uint64_t day_of(const sm::Job& ended) {
    if (ended.state == sm::State::verified) return ended.outcome.slot;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, ended.entered_at_unix_ms) / 1'000 /
                                      chain::slot_seconds);
}

void add(DayOfIncome& day, const sm::Job& ended) {
    if (ended.deposit.deposit.is_zero()) return;
    if (ended.state == sm::State::verified) return add_verified(day, ended);
    ++day.penalised;
    if (ended.outcome.penalty)
        day.penalties = chain::saturating_sum(day.penalties, *ended.outcome.penalty);
    else
        ++day.unknown;
}

std::string to_text(const DayOfIncome& day) {
    return json_text(boost::json::object{{"day", day.day},
                                         {"verified", day.verified},
                                         {"penalised", day.penalised},
                                         {"gas", day.gas},
                                         {"fees", chain::format_wei(day.fees)},
                                         {"penalties", chain::format_wei(day.penalties)},
                                         {"unknown", day.unknown}});
}

Result<DayOfIncome> read_day_of_income(std::string_view text) {
    const auto parsed = parse_json(text, note_bytes_max, what);
    if (parsed.has_error()) return parsed.error();
    constexpr std::uint64_t jobs_max = 0xffff'ffff;
    JsonObject fields(*parsed, what);
    DayOfIncome day;
    day.day = fields.u64("day");
    day.verified = static_cast<std::uint32_t>(fields.u64("verified", 0, jobs_max));
    day.penalised = static_cast<std::uint32_t>(fields.u64("penalised", 0, jobs_max));
    day.gas = fields.u64("gas");
    day.fees = chain::read_wei(fields, "fees");
    day.penalties = chain::read_wei(fields, "penalties");
    day.unknown = static_cast<std::uint32_t>(fields.u64("unknown", 0, jobs_max));
    if (const auto check = fields.check(); check.has_error()) return check.error();
    return day;
}

Result<std::vector<DayOfIncome>> read_income(storage::Notes& notes, std::uint64_t last, std::size_t count) {
    std::vector<DayOfIncome> days;
    for (std::uint64_t back = 0; back < count && back <= last; ++back) {
        const std::uint64_t number = last - back;
        const auto noted = notes.cursor(income_cursor(number));
        if (noted.has_error()) return noted.error();
        Result<DayOfIncome> day = *noted ? read_day_of_income(**noted) : Result<DayOfIncome>(DayOfIncome{});
        if (day.has_error()) return day.error();
        day->day = number;
        const auto withdrawn = notes.cursor(withdrawal_cursor(number));
        if (withdrawn.has_error()) return withdrawn.error();
        day->is_withdrawn = withdrawn->has_value();
        if (const auto amount = chain::parse_wei(withdrawn->value_or("unknown")); amount.has_value())
            day->withdrawn = *amount;
        days.push_back(*std::move(day));
    }
    return days;
}

void IncomeBook::ended(const sm::Job& job) {
    if (!is_running_) return;  // the next start of a master adds it
    reported_.push_back(job);
    wakeup_.notify();
}

Task<> IncomeBook::run() {
    is_running_ = true;
    for (;;) {
        const Result<void> added = co_await add_up();
        if (added.has_value()) break;
        spdlog::warn("the income cannot be added up: {}; will retry", added.error().message);
        co_await ports_.clock.sleep(retry_after);
    }
    for (;;) {
        Days changed;
        for (const sm::Job& job : std::exchange(reported_, {})) {
            DayOfIncome& day = days_[day_of(job)];
            day.day = day_of(job);
            add(day, job);
            changed[day.day] = day;
        }
        const Result<void> written = co_await write(std::move(changed));
        if (written.has_error()) spdlog::warn("a day's income cannot be noted: {}", written.error().message);
        co_await wakeup_.wait();
    }
}

/// A JOB that ended after the book began is reported by itself. One from a day in the future, by a clock that was
/// wrong, counts after the next start.
Task<Result<void>> IncomeBook::add_up() {
    Days days;
    std::optional<JobId> last;
    for (;;) {
        auto read = [this, last] { return ports_.jobs.page(last, page_jobs); };
        const Result<std::vector<sm::Job>> page = co_await ports_.pool.run(std::move(read));
        if (page.has_error()) co_return page.error();
        for (const sm::Job& job : *page) {
            if (!sm::is_end(job.state) || job.entered_at_unix_ms >= began_at_unix_ms_) continue;
            DayOfIncome& day = days[day_of(job)];
            day.day = day_of(job);
            add(day, job);
        }
        if (page->size() < page_jobs) break;
        last = page->back().terms.id;
    }
    days_ = std::move(days);
    co_return co_await write(days_);
}

/// What is noted already is not written again.
Task<Result<void>> IncomeBook::write(Days days) {
    auto put = [this, days = std::move(days)]() -> Result<void> {
        for (const auto& [number, day] : days) {
            const std::string key = income_cursor(number);
            std::string text = to_text(day);
            const auto noted = ports_.notes.cursor(key);
            if (noted.has_error()) return noted.error();
            if (*noted == text) continue;
            if (const auto set = ports_.notes.set_cursor(key, text); set.has_error()) return set;
        }
        return {};
    };
    co_return co_await ports_.pool.run(std::move(put));
}

}  // namespace emeth::node
