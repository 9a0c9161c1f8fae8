#include "cli/recorded_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "api_client/storage_api_client.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/log_follower.hpp"
#include "chain/rpc/rpc_chain.hpp"
#include "crypto/private_key.hpp"
#include "runtime/progress_bar.hpp"

namespace emeth::cli {

namespace {

Task<Result<std::vector<JobId>>> requested_jobs(chain::Chain& chain, Address core, std::uint64_t blocks) {
    const Result<chain::Block> latest = co_await chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const std::uint64_t first = latest->number > blocks ? latest->number - blocks : 0;
    chain::LogFollower follower(chain, first);
    ProgressBar bar("blocks", latest->number - first, ProgressUnit::count, system_clock());
    std::set<JobId> known;
    std::vector<JobId> jobs;
    for (bool caught_up = false; !caught_up && jobs.size() < simulation::stream_jobs_max;) {
        const Result<chain::LogBatch> batch = co_await follower.next();
        if (batch.has_error()) co_return batch.error();
        for (const chain::Log& log : batch->logs) {
            if (log.address != core) continue;
            const auto request = chain::parse_request_event(log);
            if (request && known.insert(request->job).second) jobs.push_back(request->job);
        }
        follower.acknowledge();
        caught_up = batch->caught_up;
        if (batch->end && batch->end->number >= first) bar.update(batch->end->number - first);
    }
    co_return jobs;
}

/// None: its dataset is not in the Storage API, so nobody could train it.
Task<Result<std::optional<simulation::StreamedJob>>> read_job(chain::Chain& chain, api_client::ArtifactStore& storage,
                                                              JobId id) {
    const Result<chain::JobRecord> record = co_await chain.job(id);
    if (record.has_error()) co_return record.error();
    Result<chain::JobDetails> details = co_await chain.job_details(id);
    const bool is_absent = !record->exist || (details.has_error() && details.error().kind == ErrorKind::permanent);
    if (is_absent) co_return std::optional<simulation::StreamedJob>();
    if (details.has_error()) co_return details.error();
    const Result<std::uint64_t> bytes = co_await storage.dataset_bytes(details->dataset);
    if (bytes.has_error() && bytes.error().kind == ErrorKind::permanent)
        co_return std::optional<simulation::StreamedJob>();
    if (bytes.has_error()) co_return bytes.error();
    co_return std::optional(simulation::StreamedJob{id, record->owner, record->requested_at_unix_s,
                                                    record->deadline_unix_s, record->fee, *bytes, details->program_id,
                                                    std::move(details->param)});
}

}  // namespace

Task<Result<simulation::JobStream>> record_stream(node::NodeConfig config, std::uint64_t blocks) {
    chain::RpcClient rpc(config.endpoint, config.request_timeout);
    chain::RpcChain chain(rpc, config.core, config.token);
    // What is asked here is public: the key signs nothing.
    const crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
    api_client::StorageApiClient storage(config.storage_api, key, system_clock());
    const Result<std::vector<JobId>> jobs = co_await requested_jobs(chain, config.core, blocks);
    if (jobs.has_error()) co_return jobs.error();
    ProgressBar bar("JOBs", jobs->size(), ProgressUnit::count, system_clock());
    simulation::JobStream stream;
    std::uint64_t read = 0;
    for (const JobId& id : *jobs) {
        auto reading = read_job(chain, storage, id);
        Result<std::optional<simulation::StreamedJob>> job = co_await std::move(reading);
        if (job.has_error()) co_return job.error();
        if (*job) stream.push_back(*std::move(*job));
        bar.update(++read);
    }
    if (stream.size() < jobs->size())
        fmt::print(stderr,
                   "emeth simulate-policy: {} of {} JOBs are left out, since their datasets are not there any more\n",
                   jobs->size() - stream.size(), jobs->size());
    std::ranges::stable_sort(stream, {}, &simulation::StreamedJob::requested_at_unix_s);
    co_return stream;
}

}  // namespace emeth::cli
