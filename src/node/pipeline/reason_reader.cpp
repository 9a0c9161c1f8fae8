#include "node/pipeline/reason_reader.hpp"

#include "runtime/subject_log.hpp"
#include "runtime/utf8.hpp"

namespace emeth::node {

Task<Result<std::string>> ReasonReader::read(JobId job, std::optional<Hash256> submit_block) {
    const Result<std::optional<api_client::VerdictReason>> found = co_await artifacts_.verdict_reason(job);
    if (found.has_error()) {
        if (found.error().kind != ErrorKind::permanent && ++failures_ < failures_max)
            co_return in_context("asking why the result was rejected", found.error());
        log_of(job).warn("why the result was rejected is not known: {}", found.error().message);
        co_return std::string();
    }
    std::string reason;
    if (*found && (!submit_block || (*found)->submit_block == *submit_block))
        reason = one_line((*found)->text, api_client::verdict_reason_bytes_max);
    co_return reason;
}

}  // namespace emeth::node
