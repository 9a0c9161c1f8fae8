// What a node earned and lost on each UTC day: fees and penalties of its ended JOBs, and the slots' rewards that it has
// withdrawn. The sums are kept in the notes, so that a status need not read every JOB that ever was; they are made
// again from the JOBs at each start.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/wakeup.hpp"
#include "statemachine/job.hpp"
#include "storage/job_store.hpp"
#include "storage/notes.hpp"

namespace emeth::node {

/// Amounts are EMT wei.
struct DayOfIncome {
    std::uint64_t day = 0;         ///< the number of its slot
    std::uint32_t verified = 0;    ///< JOBs
    std::uint32_t penalised = 0;   ///< JOBs that were rejected, timed out or declined
    std::uint64_t gas = 0;         ///< verified
    Wei fees;                      ///< what verified JOBs paid beyond their deposits
    Wei penalties;                 ///< what the others kept of theirs
    std::uint32_t unknown = 0;     ///< JOBs that ended with an amount nobody could tell; it is in neither sum
    bool is_withdrawn = false;     ///< the day's slot
    std::optional<Wei> withdrawn;  ///< its reward; none: not withdrawn, or unknown

    friend bool operator==(const DayOfIncome&, const DayOfIncome&) = default;
};

/// The day on which an ended JOB counts: of the verdict, else when it ended here.
std::uint64_t day_of(const statemachine::Job& ended);
/// Adds an ended JOB. One that never had a deposit adds nothing.
void add(DayOfIncome& day, const statemachine::Job& ended);

/// The note of one day, without the reward. Pure.
std::string to_text(const DayOfIncome& day);
Result<DayOfIncome> read_day_of_income(std::string_view text);

/// The `count` days up to `last`, newest first. Blocks.
Result<std::vector<DayOfIncome>> read_income(storage::Notes& notes, std::uint64_t last, std::size_t count);

/// Keeps the notes. Io thread only.
class IncomeBook {
public:
    static constexpr Milliseconds retry_after{10'000};
    /// JOBs that are read at once: some ms on the pool, where commits wait behind them.
    static constexpr std::size_t page_jobs = 1'000;

    /// All must outlive it.
    struct Ports {
        storage::JobStore& jobs;
        storage::Notes& notes;
        BlockingPool& pool;
        Clock& clock;
    };

    IncomeBook(asio::any_io_executor executor, Ports ports)
        : ports_(ports), began_at_unix_ms_(ports.clock.unix_ms()), wakeup_(std::move(executor)) {}

    /// Adds up all JOBs that ended before this book began, then each that is reported. Until cancelled.
    Task<> run();
    /// Of a JOB that ended since this book began; each once.
    void ended(const statemachine::Job& job);

private:
    using Days = std::map<std::uint64_t, DayOfIncome>;
    Task<Result<void>> add_up();
    Task<Result<void>> write(Days days);

    Ports ports_;
    std::int64_t began_at_unix_ms_;
    Wakeup wakeup_;
    Days days_;
    std::vector<statemachine::Job> reported_;
    bool is_running_ = false;
};

}  // namespace emeth::node
