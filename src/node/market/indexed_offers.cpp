#include "node/market/indexed_offers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <iterator>
#include <set>
#include <utility>

#include "chain/json_amount.hpp"
#include "chain/reorganisation.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::node {
namespace {

namespace json = boost::json;

constexpr std::size_t note_bytes_max = 4 << 20;
constexpr std::string_view what = "the note of the contract's list of JOBs";
/// No contract has so many JOBs: an endpoint that knows of a JOB at each index would be asked for ever.
constexpr std::uint64_t index_max = std::uint64_t{1} << 40;

bool is_settled(const IndexedJob& job, std::uint64_t latest) {
    return job.taken_in_block && *job.taken_in_block + chain::reorganisation_blocks_max < latest;
}

}  // namespace

std::string to_text(const IndexedOffersNote& note) {
    json::array newest, jobs;
    for (const JobId& id : note.newest) newest.push_back(json::object{{"id", id.hex()}});
    for (const auto& [id, job] : note.jobs) {
        json::object entry{{"id", id.hex()},
                           {"owner", job.owner.hex()},
                           {"fee", to_decimal(job.fee)},
                           {"deadline", job.deadline_unix_s},
                           {"requestedAt", job.requested_at_unix_s},
                           {"readIn", job.read_in_block}};
        if (job.taken_in_block) entry["taken"] = *job.taken_in_block;
        jobs.push_back(std::move(entry));
    }
    return json_text(json::object{{"floor", note.floor},
                                  {"low", note.low},
                                  {"next", note.next},
                                  {"newest", std::move(newest)},
                                  {"block", note.latest.number},
                                  {"hash", note.latest.hash.hex()},
                                  {"time", note.latest.timestamp_unix_s},
                                  {"jobs", std::move(jobs)}});
}

Result<IndexedOffersNote> read_indexed_offers_note(std::string_view text) {
    const auto parsed = parse_json(text, note_bytes_max, what);
    if (parsed.has_error()) return parsed.error();
    JsonObject fields(*parsed, what);
    IndexedOffersNote note;
    note.next = fields.u64("next", 0, index_max);
    note.low = fields.u64("low", 0, note.next);
    note.floor = fields.u64("floor", 0, note.low);
    for (JsonObject& entry : fields.objects("newest", IndexedOffers::newest_max))
        note.newest.push_back(entry.fixed<JobId>("id"));
    if (note.newest.size() > note.next - note.low) fields.reject("newest", "at most the JOBs that were read");
    note.latest = {fields.u64("block"), fields.fixed<Hash256>("hash"), fields.i64("time")};
    for (JsonObject& entry : fields.objects("jobs", IndexedOffers::indexes_max)) {
        IndexedJob job;
        job.owner = entry.fixed<Address>("owner");
        job.fee = chain::read_wei(entry, "fee");
        job.deadline_unix_s = entry.i64("deadline");
        job.requested_at_unix_s = entry.i64("requestedAt");
        job.read_in_block = entry.u64("readIn");
        job.taken_in_block = entry.optional_u64("taken");
        note.jobs[entry.fixed<JobId>("id")] = job;
    }
    if (const auto check = fields.check(); check.has_error()) return check.error();
    return note;
}

bool IndexedOffers::is_open(const IndexedJob& job) const {
    return !job.taken_in_block && job.deadline_unix_s > state_.latest.timestamp_unix_s;
}

std::vector<api_client::JobOffer> IndexedOffers::open() const {
    std::vector<api_client::JobOffer> offers;
    for (const auto& [id, job] : state_.jobs)
        if (is_open(job)) offers.push_back({id, job.fee, 0, job.deadline_unix_s, job.owner});
    return offers;
}

std::size_t IndexedOffers::missing_from(const std::vector<api_client::JobOffer>& listed,
                                        std::int64_t requested_ago_s) const {
    std::set<JobId> known;
    for (const auto& offer : listed) known.insert(offer.id);
    const std::int64_t requested_by = state_.latest.timestamp_unix_s - requested_ago_s;
    return static_cast<std::size_t>(std::ranges::count_if(state_.jobs, [&](const auto& entry) {
        const auto& [id, job] = entry;
        return is_open(job) && job.read_at && *job.read_at >= began_at_ && job.requested_at_unix_s <= requested_by &&
               !known.contains(id);
    }));
}

Task<Result<void>> IndexedOffers::update(std::size_t reads) {
    if (const Result<void> begun = co_await begin(); begun.has_error()) co_return begun;
    began_at_ = ports_.clock.monotonic();
    reads_left_ = reads;
    const Result<void> advanced = co_await advance();
    settle();
    const Result<void> written = co_await write_note();
    co_return advanced.has_error() ? advanced : written;
}

Task<Result<void>> IndexedOffers::begin() {
    if (has_begun_) co_return Result<void>{};
    auto load = [this] { return ports_.notes.cursor(note_key_); };
    const Result<std::optional<std::string>> text = co_await ports_.pool.run(std::move(load));
    if (text.has_error()) co_return text.error();
    has_begun_ = true;
    if (!*text) co_return Result<void>{};
    Result<IndexedOffersNote> note = read_indexed_offers_note(**text);
    if (note.has_value())
        state_ = std::move(*note);
    else
        spdlog::warn("{}; the list is read again", note.error().message);
    co_return Result<void>{};
}

Task<Result<void>> IndexedOffers::advance() {
    is_at_end_ = false;
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const bool lags = latest->number < state_.latest.number &&
                      latest->number + chain::reorganisation_blocks_max >= state_.latest.number;
    if (lags) co_return Result<void>{};  // another endpoint behind the same address
    const Result<bool> reorganised = co_await was_reorganised();
    if (reorganised.has_error()) co_return reorganised.error();
    must_read_again_ = must_read_again_ || *reorganised;
    state_.latest = *latest;
    if (must_read_again_)
        if (const Result<void> again = co_await read_newest_again(); again.has_error()) co_return again;
    must_read_again_ = false;
    const Result<std::uint64_t> end = co_await find_end();
    if (end.has_error()) co_return end.error();
    if (state_.newest.empty() || *end - state_.next > indexes_max) begin_anew(*end);
    if (const Result<void> read = co_await read_forwards(*end); read.has_error()) co_return read;
    if (const Result<void> read = co_await refresh(); read.has_error()) co_return read;
    co_return co_await read_backwards();
}

/// Almost every reorganisation shows in one of the two: a block that is another, or the newest JOB.
Task<Result<bool>> IndexedOffers::was_reorganised() {
    if (state_.newest.empty()) co_return false;
    const Result<std::optional<chain::Block>> block = co_await ports_.chain.block(state_.latest.number);
    if (block.has_error()) co_return block.error();
    if (!*block || (*block)->hash != state_.latest.hash) co_return true;
    const Result<std::optional<JobId>> newest = co_await ports_.chain.job_index(state_.next - 1);
    if (newest.has_error()) co_return newest.error();
    co_return *newest != state_.newest.back();
}

/// What was taken may be open again, and another JOB may stand at an index.
Task<Result<void>> IndexedOffers::read_newest_again() {
    for (auto& [id, job] : state_.jobs) job.taken_in_block.reset(), job.read_at.reset();
    const std::uint64_t first = state_.next - state_.newest.size();
    bool is_deep = false;
    for (std::uint64_t index = first; index < state_.next; ++index) {
        const Result<std::optional<JobId>> id = co_await ports_.chain.job_index(index);
        if (id.has_error()) co_return id.error();
        const auto place = state_.newest.begin() + static_cast<std::ptrdiff_t>(index - first);
        is_deep = is_deep || (index == first && *id != *place);
        if (!*id) {
            state_.newest.erase(place, state_.newest.end());
            state_.next = index;
            break;
        }
        const Result<void> read = co_await read_job(**id);
        if (read.has_error()) co_return read;
        *place = **id;
    }
    if (is_deep) state_.newest.clear();  // nobody knows how deep: the newest are all read anew
    co_return Result<void>{};
}

/// The first index from `next` on without a JOB.
Task<Result<std::uint64_t>> IndexedOffers::find_end() {
    std::uint64_t end = state_.newest.empty() ? 0 : state_.next;  // all before it are there
    std::uint64_t absent = 0;
    for (std::uint64_t step = 1;; step *= 2) {
        absent = end + step - 1;
        if (absent > index_max) co_return transient_error("the endpoint knows no end of the contract's list of JOBs");
        const Result<std::optional<JobId>> id = co_await ports_.chain.job_index(absent);
        if (id.has_error()) co_return id.error();
        if (!*id) break;
        end = absent + 1;
    }
    while (end < absent) {
        const std::uint64_t middle = end + (absent - end) / 2;
        const Result<std::optional<JobId>> id = co_await ports_.chain.job_index(middle);
        if (id.has_error()) co_return id.error();
        if (*id)
            end = middle + 1;
        else
            absent = middle;
    }
    co_return end;
}

void IndexedOffers::begin_anew(std::uint64_t end) {
    state_.low = state_.next = end;
    state_.floor = end - std::min(end, indexes_max);
    state_.newest.clear();
}

Task<Result<void>> IndexedOffers::read_forwards(std::uint64_t end) {
    while (state_.next < end && reads_left_ > 0) {
        const Result<std::optional<JobId>> id = co_await read(state_.next);
        if (id.has_error()) co_return id.error();
        if (!*id) break;  // reorganised just now: the next update sees it
        state_.newest.push_back(**id);
        if (state_.newest.size() > newest_max) state_.newest.pop_front();
        ++state_.next;
    }
    is_at_end_ = state_.next == end;
    co_return Result<void>{};
}

Task<Result<void>> IndexedOffers::read_backwards() {
    while (state_.low > state_.floor && reads_left_ > 0) {
        const Result<std::optional<JobId>> id = co_await read(state_.low - 1);
        if (id.has_error()) co_return id.error();
        if (!*id) break;
        const bool is_next_to_newest = state_.low + state_.newest.size() == state_.next;
        if (is_next_to_newest && state_.newest.size() < newest_max) state_.newest.push_front(**id);
        --state_.low;
    }
    co_return Result<void>{};
}

/// Those that were not read for the longest time first; half of the calls at most, so that the rest goes on.
Task<Result<void>> IndexedOffers::refresh() {
    std::vector<std::pair<std::optional<Milliseconds>, JobId>> due;
    for (const auto& [id, job] : state_.jobs)
        if (!job.taken_in_block && (!job.read_at || *job.read_at + refreshed_every <= began_at_))
            due.emplace_back(job.read_at, id);
    std::ranges::sort(due);
    due.resize(std::min(due.size(), (reads_left_ + 1) / 2));
    for (const auto& [read_at, id] : due) {
        const Result<void> read = co_await read_job(id);
        if (read.has_error()) co_return read;
    }
    co_return Result<void>{};
}

Task<Result<std::optional<JobId>>> IndexedOffers::read(std::uint64_t index) {
    reads_left_ -= std::min<std::size_t>(reads_left_, 1);
    const Result<std::optional<JobId>> id = co_await ports_.chain.job_index(index);
    if (id.has_error() || !*id) co_return id;
    const Result<void> read = co_await read_job(**id);
    if (read.has_error()) co_return read.error();
    co_return id;
}

Task<Result<void>> IndexedOffers::read_job(JobId id) {
    reads_left_ -= std::min<std::size_t>(reads_left_, 1);
    const Result<chain::JobRecord> record = co_await ports_.chain.job(id);
    if (record.has_error()) co_return record.error();
    keep(id, *record);
    co_return Result<void>{};
}

void IndexedOffers::keep(const JobId& id, const chain::JobRecord& record) {
    const bool is_requested = record.exist && record.status == chain::JobStatus::requested;
    const auto known = state_.jobs.find(id);
    if (is_requested && record.deadline_unix_s > state_.latest.timestamp_unix_s) {
        state_.jobs[id] = {record.owner,         record.fee,   record.deadline_unix_s,  record.requested_at_unix_s,
                           state_.latest.number, std::nullopt, ports_.clock.monotonic()};
    } else if (known != state_.jobs.end()) {
        if (record.exist && !is_requested)
            known->second.taken_in_block = state_.latest.number;
        else
            state_.jobs.erase(known);
    }
}

/// Forgets what no reorganisation brings back and, of too many, the oldest.
void IndexedOffers::settle() {
    std::erase_if(state_.jobs, [&](const auto& entry) {
        const IndexedJob& job = entry.second;
        return is_settled(job, state_.latest.number) || (!job.taken_in_block && !is_open(job));
    });
    while (state_.jobs.size() > indexes_max)
        state_.jobs.erase(std::ranges::min_element(state_.jobs, {},
                                                   [](const auto& entry) { return entry.second.requested_at_unix_s; }));
}

Task<Result<void>> IndexedOffers::write_note() {
    const Milliseconds now = ports_.clock.monotonic();
    if (state_.newest.empty() || (noted_at_ && now - *noted_at_ < note_every)) co_return Result<void>{};
    auto write = [this, text = to_text(state_)] { return ports_.notes.set_cursor(note_key_, text); };
    const Result<void> written = co_await ports_.pool.run(std::move(write));
    if (written.has_value()) noted_at_ = now;
    co_return written;
}

}  // namespace emeth::node
