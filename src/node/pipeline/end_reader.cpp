#include "node/pipeline/end_reader.hpp"

#include <fmt/format.h>

#include "runtime/subject_log.hpp"

namespace emeth::node {

Task<Result<chain::Settlement>> EndReader::settlement(Hash256 transaction, Address node) {
    Result<chain::Settlement> read = co_await chain_.settlement(transaction, node);
    if (read.has_error() && gives_up(read.error())) co_return chain::Settlement{};
    co_return read;
}

Task<Result<std::int64_t>> EndReader::block_unix_s(std::uint64_t block) {
    const Result<std::optional<chain::Block>> read = co_await chain_.block(block);
    if (read.has_value() && *read) co_return (*read)->timestamp_unix_s;
    Error failure = transient_error(fmt::format("the endpoint does not have block {}", block));
    if (read.has_error()) failure = read.error();
    if (gives_up(failure)) co_return std::int64_t{0};
    co_return failure;
}

bool EndReader::gives_up(const Error& failure) {
    if (failure.kind != ErrorKind::permanent && ++failures_ <= failures_max_) return false;
    log_of(job_).warn("{}; what the end of the JOB moved, or when, is unknown", failure.message);
    return true;
}

}  // namespace emeth::node
