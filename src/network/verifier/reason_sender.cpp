#include "network/verifier/reason_sender.hpp"

#include <optional>
#include <vector>

#include "runtime/durable_file.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/utf8.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr RetryPolicy retry_policy{.first = Milliseconds(1'000), .factor = 2, .max = Milliseconds(2'000), .jitter = 0};
constexpr std::size_t file_bytes_max = 16 << 10;

struct Unsent {
    JobId job;
    api_client::VerdictReason reason;
};

Result<Unsent> read_unsent(const fs::path& file) {
    const std::string what = file.string();
    const std::optional<JobId> job = JobId::parse("0x" + file.stem().string());
    if (!job) return permanent_error(what + " is not named by a JOB id");
    const Result<std::string> text = read_file(file, file_bytes_max);
    if (text.has_error()) return text.error();
    const auto content = parse_json(*text, file_bytes_max, what);
    if (content.has_error()) return content.error();
    const auto reason = api_client::read_verdict_reason(*content, *job, what);
    if (reason.has_error()) return reason.error();
    return Unsent{*job, *reason};
}

/// As opposed to a refusal that stays one.
bool may_be_taken_later(const Result<void>& sent) {
    return sent.has_error() && sent.error().kind != ErrorKind::permanent;
}

void forget(const fs::path& file) {
    std::error_code ignored;
    fs::remove(file, ignored);
}

}  // namespace

fs::path ReasonSender::file_of(const JobId& job) const {
    return folder_ / (job.hex().substr(2) + ".json");
}

Task<> ReasonSender::send(JobId job, Hash256 submit_block, std::string reason) {
    const api_client::VerdictReason bounded{submit_block, one_line(reason, api_client::verdict_reason_bytes_max)};
    for (std::uint32_t tries = 1;; ++tries) {
        failpoint::before("storage", "put_reason");
        const Result<void> sent = co_await storage_.put_verdict_reason(job, bounded);
        failpoint::after("storage", "put_reason");
        if (sent.has_value() || tries == tries_max) co_return note_end(job, bounded, sent);
        co_await clock_.sleep(backoff(tries, retry_policy, 0));
    }
}

void ReasonSender::note_end(const JobId& job, const api_client::VerdictReason& reason, const Result<void>& sent) {
    if (!may_be_taken_later(sent)) forget(file_of(job));
    if (sent.has_value()) return;
    log_of(job).warn("verifier: why it is rejected {}: {}",
                     may_be_taken_later(sent) ? "will be told to the Storage API later" : "stands only in this log",
                     sent.error().message);
    if (may_be_taken_later(sent)) keep(job, reason);
}

void ReasonSender::keep(const JobId& job, const api_client::VerdictReason& reason) {
    Result<void> kept = create_folder(folder_, 0700);
    if (kept.has_value()) kept = write_file_durably(file_of(job), json_text(to_json(job, reason)), 0600);
    if (kept.has_error()) log_of(job).warn("verifier: {}", kept.error().message);
}

Task<Result<void>> ReasonSender::resend(fs::path file) {
    const Result<Unsent> unsent = read_unsent(file);
    Result<void> sent;
    if (unsent.has_error())
        sent = unsent.error();
    else
        sent = co_await storage_.put_verdict_reason(unsent->job, unsent->reason);
    if (may_be_taken_later(sent)) co_return sent;
    if (sent.has_error()) spdlog::warn("verifier: a verdict's reason is dropped: {}", sent.error().message);
    // Another verdict's may have been kept there meanwhile.
    const Result<Unsent> now = read_unsent(file);
    if (now.has_error() || (unsent.has_value() && now->reason == unsent->reason)) forget(file);
    co_return Result<void>{};
}

Task<> ReasonSender::run() {
    for (;;) {
        std::vector<fs::path> files;
        std::error_code ignored;
        for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) files.push_back(entry.path());
        for (const fs::path& file : files) {
            const Result<void> sent = co_await resend(file);
            if (sent.has_error()) break;
        }
        co_await clock_.sleep(resend_interval);
    }
}

}  // namespace emeth::network
