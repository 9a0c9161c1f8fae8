#include "bench/listed_chain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"

namespace emeth::bench {

namespace {

constexpr std::int64_t first_unix_s = 1'700'000'000, block_seconds = 5, day_seconds = 86'400;
constexpr std::uint64_t number_offset = 8;  // the number's place in an id

JobId id_of(std::uint64_t number) {
    JobId id;
    id.bytes.fill(0x5e);
    for (std::size_t byte = 0; byte < sizeof number; ++byte)
        id.bytes[15 - byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    return id;
}

std::uint64_t number_of(const JobId& id) {
    std::uint64_t number = 0;
    for (std::size_t byte = number_offset; byte < JobId::size_bytes; ++byte) number = number << 8 | id.bytes[byte];
    return number;
}

Address address_of(std::uint64_t number) {
    Address address;
    address.bytes.fill(0xad);
    address.bytes[19] = static_cast<std::uint8_t>(number);
    return address;
}

std::uint64_t block_of(std::uint64_t job) {
    return job / ListedChain::jobs_per_block + 1;
}

std::int64_t time_of(std::uint64_t block) {
    return first_unix_s + block_seconds * static_cast<std::int64_t>(block);
}

chain::Log request_log(std::uint64_t job) {
    chain::Log log = chain::request_log({address_of(job % 200), id_of(job), {}, 0});
    log.block = block_of(job);
    log.index = static_cast<std::uint32_t>(job % ListedChain::jobs_per_block);
    return log;
}

}  // namespace

storage::IndexedJob listed_job(std::uint64_t number) {
    storage::IndexedJob job;
    job.id = id_of(number);
    job.owner = address_of(number % 200);
    job.dataset = job.id.hex().substr(2) + ".txt";
    job.param = R"({"language":"en","epoch":2})";
    job.fee = *chain::parse_coins(fmt::format("{}", 20 + number % 50));
    job.requested_at_unix_s = time_of(block_of(number));
    job.deadline_unix_s = job.requested_at_unix_s + day_seconds;
    return job;
}

Nobody::Nobody() : rpc(chain::Endpoint(http::Url::parse("http://127.0.0.1:1").value()), Milliseconds(1)) {}

ListedChain::ListedChain(std::uint64_t jobs) : RpcChain(Nobody::rpc, Address{}, Address{}), jobs_(jobs) {}

chain::Block ListedChain::header(std::uint64_t number) const {
    chain::Block block;
    block.number = number;
    for (std::size_t byte = 0; byte < sizeof number; ++byte)
        block.hash.bytes[31 - byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    block.timestamp_unix_s = time_of(number);
    return block;
}

Task<Result<std::uint64_t>> ListedChain::chain_id() {
    co_return std::uint64_t{60'001};
}

Task<Result<chain::Block>> ListedChain::latest_block() {
    co_return header(block_of(jobs_));
}

Task<Result<std::optional<chain::Block>>> ListedChain::block(std::uint64_t number) {
    if (number > block_of(jobs_)) co_return std::optional<chain::Block>();
    co_return std::optional(header(number));
}

Task<Result<std::vector<chain::Log>>> ListedChain::core_logs(std::uint64_t from_block, std::uint64_t to_block) {
    std::vector<chain::Log> logs;
    const std::uint64_t first = from_block == 0 ? 0 : (from_block - 1) * jobs_per_block;
    for (std::uint64_t job = first; job < std::min(jobs_, to_block * jobs_per_block); ++job)
        logs.push_back(request_log(job));
    co_return logs;
}

Task<Result<chain::JobRecord>> ListedChain::job(JobId id) {
    const auto job = listed_job(number_of(id));
    co_return chain::JobRecord{
        true, job.owner, job.deadline_unix_s, job.fee, chain::JobStatus::requested, job.requested_at_unix_s};
}

Task<Result<chain::JobDetails>> ListedChain::job_details(JobId id) {
    const auto job = listed_job(number_of(id));
    co_return chain::JobDetails{0, job.param, job.dataset, ""};
}

Task<Result<chain::JobAssign>> ListedChain::job_assign(JobId) {
    co_return chain::JobAssign{};
}

}  // namespace emeth::bench
