#include "network/info_server/list_answers.hpp"

#include <fmt/format.h>

#include <utility>

#include "api_client/listed_job.hpp"
#include "crypto/sha256.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::network {
namespace {

constexpr std::size_t etag_digits = 32;

bool fits(const storage::JobQuery& query, const storage::IndexedJob& job) {
    return (!query.status || job.status == *query.status) && (!query.owner || job.owner == *query.owner) &&
           (!query.node || job.node == *query.node);
}

/// The elements of a JSON array, up to a length.
class Elements {
public:
    /// False: it does not fit.
    bool add(const storage::IndexedJob& job) {
        const std::string text = json_text(listed_json(job));
        if (!text_.empty() && text_.size() + text.size() > ListAnswers::answer_bytes_max) return false;
        text_ += text_.empty() ? "[" : ",";
        text_ += text;
        last_ = job.id;
        return true;
    }
    [[nodiscard]] std::string array() && { return text_.empty() ? "[]" : std::move(text_) + "]"; }
    [[nodiscard]] const std::optional<JobId>& last() const { return last_; }

private:
    std::string text_;
    std::optional<JobId> last_;
};

Result<ListAnswer> make(storage::JobList& list, const ListQuery& query) {
    Elements elements;
    ListAnswer answer;
    if (query.id) {
        const auto job = list.find(*query.id);
        if (job.has_error()) return job.error();
        if (*job && fits(query.jobs, **job)) elements.add(**job);
    } else {
        const auto more = list.list(query.jobs, [&](const storage::IndexedJob& job) { return elements.add(job); });
        if (more.has_error()) return more.error();
        if (*more) answer.next = elements.last();
    }
    answer.body = std::move(elements).array();
    // Weak: the bytes that are sent may be compressed ones.
    answer.etag = fmt::format("W/\"{}\"", crypto::sha256(answer.body).hex().substr(2, etag_digits));
    return answer;
}

}  // namespace

boost::json::object listed_json(const storage::IndexedJob& job) {
    api_client::ListedJob entry;
    entry.id = job.id;
    entry.owner = job.owner;
    entry.status = job.status;
    entry.program_id = job.program_id;
    entry.dataset = job.dataset;
    entry.param = job.param;
    entry.dataset_bytes = job.dataset_bytes;
    entry.fee = job.fee;
    entry.deadline_unix_s = job.deadline_unix_s;
    if (!job.node.is_zero()) entry.node = job.node;
    entry.deposit = job.deposit;
    entry.requested_at_unix_s = job.requested_at_unix_s;
    entry.started_at_unix_s = job.started_at_unix_s;
    entry.submitted_at_unix_s = job.submitted_at_unix_s;
    entry.verified_at_unix_s = job.verified_at_unix_s;
    if (job.status == storage::rejected_status) entry.verdict_reason = job.verdict_reason;
    return to_json(entry);
}

ListAnswers::Answer ListAnswers::kept(const std::string& query, std::uint64_t version) const {
    const auto found = kept_.find(query);
    return found != kept_.end() && found->second.version == version ? found->second.answer : nullptr;
}

void ListAnswers::keep(const std::string& query, Answer answer, std::uint64_t version) {
    bytes_ += answer->body.size();
    const auto old = kept_.find(query);
    if (old != kept_.end()) bytes_ -= old->second.answer->body.size();
    kept_[query] = {std::move(answer), version};
    const auto drop = [&](auto unwanted) {
        for (auto entry = kept_.begin(); entry != kept_.end();) {
            const bool too_much = kept_.size() > answers_max || bytes_ > bytes_max;
            if (!too_much || entry->first == query || !unwanted(entry->second)) {
                ++entry;
                continue;
            }
            bytes_ -= entry->second.answer->body.size();
            entry = kept_.erase(entry);
        }
    };
    drop([&](const Kept& entry) { return entry.version != version; });
    drop([](const Kept&) { return true; });
}

Task<Result<ListAnswers::Answer>> ListAnswers::answer(ListQuery query, std::uint64_t version) {
    const std::string text = canonical_text(query);
    if (Answer known = kept(text, version)) co_return known;
    const AsyncMutex::Lock lock = co_await making_.lock();
    if (Answer known = kept(text, version)) co_return known;
    auto work = [this, &query] { return make(list_, query); };
    auto making = pool_.run(std::move(work));
    auto made = co_await std::move(making);
    if (made.has_error()) co_return made.error();
    auto answer = std::make_shared<const ListAnswer>(std::move(*made));
    keep(text, answer, version);
    co_return Answer(answer);
}

}  // namespace emeth::network
