#include "node/market/log_offers.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "chain/encoding/emeth_core.hpp"
#include "chain/json_amount.hpp"
#include "chain/reorganisation.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::node {
namespace {

namespace json = boost::json;

constexpr std::size_t note_bytes_max = 4 << 20, cursor_bytes_max = 16'384;
constexpr std::string_view what = "the note of the contract's open JOBs";

/// Past its deadline: longer than a reorganisation moves the time of the chain.
constexpr std::int64_t forgotten_after_s = 3'600;

bool is_open(const LoggedJob& job, std::int64_t now_unix_s) {
    return !job.taken_in_block && job.deadline_unix_s > now_unix_s;
}

}  // namespace

void LoggedJobs::add(const Address& core, const std::vector<chain::Log>& logs) {
    for (const chain::Log& log : logs) {
        if (log.address != core) continue;
        if (const auto request = chain::parse_request_event(log)) {
            put(request->job, {request->owner, request->fee, request->deadline_unix_s, log.block, std::nullopt});
            continue;
        }
        std::optional<JobId> taken;
        if (const auto cancel = chain::parse_cancel_event(log)) taken = cancel->job;
        const auto status = chain::parse_status_event(log);
        if (status && status->status != chain::JobStatus::requested) taken = status->job;
        const auto job = taken ? jobs_.find(*taken) : jobs_.end();
        if (job == jobs_.end() || job->second.taken_in_block) continue;
        job->second.taken_in_block = log.block;
        ++version_;
    }
    drop_surplus();
}

/// What is over first, then the oldest.
void LoggedJobs::drop_surplus() {
    if (jobs_.size() <= jobs_max) return;
    using Age = std::tuple<bool, std::uint64_t, JobId>;
    std::vector<Age> ages;
    for (const auto& [id, job] : jobs_) ages.emplace_back(!job.taken_in_block, job.requested_in_block, id);
    const auto surplus = static_cast<std::ptrdiff_t>(jobs_.size() - jobs_max);
    std::ranges::nth_element(ages, ages.begin() + surplus);
    for (auto age = ages.begin(); age != ages.begin() + surplus; ++age) jobs_.erase(std::get<JobId>(*age));
    ++version_;
}

void LoggedJobs::forget_from(std::uint64_t block) {
    std::erase_if(jobs_, [&](const auto& entry) { return entry.second.requested_in_block >= block; });
    for (auto& [id, job] : jobs_)
        if (job.taken_in_block && *job.taken_in_block >= block) job.taken_in_block.reset();
    ++version_;
}

void LoggedJobs::settle(std::uint64_t block, std::int64_t deadline_unix_s) {
    const auto erased = std::erase_if(jobs_, [&](const auto& entry) {
        const LoggedJob& job = entry.second;
        return job.taken_in_block ? *job.taken_in_block < block : job.deadline_unix_s <= deadline_unix_s;
    });
    if (erased > 0) ++version_;
}

std::vector<api_client::JobOffer> LoggedJobs::open(std::int64_t now_unix_s) const {
    std::vector<api_client::JobOffer> offers;
    for (const auto& [id, job] : jobs_)
        if (is_open(job, now_unix_s)) offers.push_back({id, job.fee, 0, job.deadline_unix_s, job.owner});
    return offers;
}

std::size_t LoggedJobs::missing_from(const std::vector<api_client::JobOffer>& listed, std::int64_t now_unix_s,
                                     std::uint64_t block) const {
    std::set<JobId> known;
    for (const auto& offer : listed) known.insert(offer.id);
    return static_cast<std::size_t>(std::ranges::count_if(jobs_, [&](const auto& entry) {
        return is_open(entry.second, now_unix_s) && entry.second.requested_in_block <= block &&
               !known.contains(entry.first);
    }));
}

std::string to_text(const LogOffersNote& note) {
    json::array jobs;
    for (const auto& [id, job] : note.jobs.all()) {
        json::object entry{{"id", id.hex()},
                           {"owner", job.owner.hex()},
                           {"fee", to_decimal(job.fee)},
                           {"deadline", job.deadline_unix_s},
                           {"requested", job.requested_in_block}};
        if (job.taken_in_block) entry["taken"] = *job.taken_in_block;
        jobs.push_back(std::move(entry));
    }
    return json_text(json::object{{"cursor", note.cursor}, {"jobs", std::move(jobs)}});
}

Result<LogOffersNote> read_log_offers_note(std::string_view text) {
    const auto parsed = parse_json(text, note_bytes_max, what);
    if (parsed.has_error()) return parsed.error();
    JsonObject fields(*parsed, what);
    LogOffersNote note;
    note.cursor = fields.string("cursor", cursor_bytes_max);
    for (JsonObject& entry : fields.objects("jobs", LoggedJobs::jobs_max)) {
        LoggedJob job;
        job.owner = entry.fixed<Address>("owner");
        job.fee = chain::read_wei(entry, "fee");
        job.deadline_unix_s = entry.i64("deadline");
        job.requested_in_block = entry.u64("requested");
        job.taken_in_block = entry.optional_u64("taken");
        note.jobs.put(entry.fixed<JobId>("id"), job);
    }
    if (const auto check = fields.check(); check.has_error()) return check.error();
    return note;
}

Task<Result<void>> LogOffers::update(std::size_t ranges) {
    if (const Result<void> begun = co_await begin(); begun.has_error()) co_return begun;
    is_caught_up_ = false;
    for (std::size_t read = 0; read < ranges && !is_caught_up_; ++read) {
        const Result<void> advanced = co_await advance();
        if (advanced.has_error()) co_return advanced;
    }
    remember_end();
    co_return co_await write_note();
}

void LogOffers::remember_end() {
    if (!ends_.empty() && end_.timestamp_unix_s < ends_.back().timestamp_unix_s + ends_apart_s) return;
    ends_.push_back(end_);
    if (ends_.size() > ends_max) ends_.pop_front();
}

std::uint64_t LogOffers::block_before(std::int64_t seconds) const {
    const auto old = std::ranges::find_if(ends_.rbegin(), ends_.rend(), [&](const chain::Block& block) {
        return block.timestamp_unix_s <= end_.timestamp_unix_s - seconds;
    });
    return old == ends_.rend() ? 0 : old->number;
}

Task<Result<void>> LogOffers::begin() {
    if (follower_) co_return Result<void>{};
    auto read = [this] { return ports_.notes.cursor(note_key()); };
    const Result<std::optional<std::string>> text = co_await ports_.pool.run(std::move(read));
    if (text.has_error()) co_return text.error();
    if (*text) {
        Result<LogOffersNote> note = read_log_offers_note(**text);
        auto resumed = note.has_error() ? Result<chain::LogFollower>(note.error())
                                        : chain::LogFollower::resume(ports_.chain, note->cursor, {range_blocks});
        if (resumed.has_value()) {
            jobs_ = std::move(note->jobs);
            follower_.emplace(*std::move(resumed));
            co_return Result<void>{};
        }
        spdlog::warn("{}; the contract's logs are read again", resumed.error().message);
    }
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    begin_anew(latest->number);
    co_return Result<void>{};
}

void LogOffers::begin_anew(std::uint64_t latest) {
    const std::uint64_t first = latest > blocks_back_max ? latest - blocks_back_max : 0;
    jobs_.clear();
    follower_.emplace(ports_.chain, first, chain::FollowerOptions{range_blocks});
}

void LogOffers::begin_at(std::uint64_t block, const std::map<JobId, LoggedJob>& jobs) {
    jobs_.clear();
    for (const auto& [id, job] : jobs) jobs_.put(id, job);
    follower_.emplace(ports_.chain, block, chain::FollowerOptions{range_blocks});
}

Task<Result<void>> LogOffers::advance() {
    const std::uint64_t from = follower_->next_block();
    const Result<chain::LogBatch> batch = co_await follower_->next();
    if (batch.has_error()) co_return batch.error();
    // After a long time without a look.
    if (from + blocks_back_max < batch->latest.number) {
        begin_anew(batch->latest.number);
        co_return Result<void>{};
    }
    if (batch->reorganised_from) jobs_.forget_from(*batch->reorganised_from);
    jobs_.add(core_, batch->logs);
    if (batch->end) end_ = *batch->end;
    if (end_.number == 0) end_ = batch->latest;  // after a restart, before the next block
    const std::uint64_t settled = std::max(end_.number, chain::reorganisation_blocks_max);
    jobs_.settle(settled - chain::reorganisation_blocks_max, end_.timestamp_unix_s - forgotten_after_s);
    is_caught_up_ = batch->caught_up;
    follower_->acknowledge();
    co_return Result<void>{};
}

Task<Result<void>> LogOffers::write_note() {
    const Milliseconds now = ports_.clock.monotonic();
    const bool is_news = jobs_.version() != noted_version_ || end_.number >= noted_block_ + note_blocks;
    if (!is_news || (noted_at_ && now - *noted_at_ < note_every)) co_return Result<void>{};
    const std::uint64_t version = jobs_.version(), block = end_.number;
    auto write = [this, text = to_text({follower_->cursor(), jobs_})] {
        return ports_.notes.set_cursor(note_key(), text);
    };
    const Result<void> written = co_await ports_.pool.run(std::move(write));
    if (written.has_error()) co_return written;
    noted_at_ = now;
    noted_version_ = version;
    noted_block_ = block;
    co_return Result<void>{};
}

}  // namespace emeth::node
