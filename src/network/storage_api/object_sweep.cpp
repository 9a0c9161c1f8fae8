#include "network/storage_api/object_sweep.hpp"

#include <algorithm>

#include "api_client/dataset_name.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::network {
namespace {

constexpr Milliseconds interval{3'600'000};

std::set<std::string>& claims_of(StorageServices& services, StoredItem::Kind kind) {
    return kind == StoredItem::Kind::dataset ? services.in_hand.datasets : services.in_hand.uploads;
}

}  // namespace

Task<std::vector<ObjectSweep::Found>> ObjectSweep::list() {
    std::vector<Found> all;
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result}) {
        auto listing = services_.objects->list(kind, "");
        const OrRefusal<std::vector<StoredObject>> objects = co_await std::move(listing);
        if (objects.has_error()) continue;
        for (const StoredObject& object : *objects) {
            const std::optional<JobId> job = job_of_object(object.name);
            const std::optional<Address> uploader = api_client::uploader_of(object.name);
            if (!job || (kind == ObjectKind::dataset && !uploader)) continue;
            Found found{{}, *job, object.name};
            found.item.kind = kind == ObjectKind::dataset ? StoredItem::Kind::dataset : StoredItem::Kind::result;
            found.item.uploader = uploader.value_or(Address{});
            found.item.touched_at_unix_s = object.stored_at_unix_s();
            all.push_back(std::move(found));
        }
    }
    auto reading = services_.objects->uploads();
    for (Upload& upload : co_await std::move(reading))
        all.push_back({{StoredItem::Kind::open_upload, {}, upload.touched_at_unix_s()},
                       upload.binding.job,
                       upload.key,
                       std::move(upload)});
    co_return all;
}

Task<std::optional<std::int64_t>> ObjectSweep::chain_time() {
    if (chain_id_) {
        auto identifying = services_.chain.chain_id();
        const Result<std::uint64_t> id = co_await std::move(identifying);
        if (id.has_error()) co_return std::nullopt;
        if (*id != *chain_id_) {
            spdlog::warn("nothing is removed: the endpoint serves chain {}, not {}; correct endpoint or chain_id", *id,
                         *chain_id_);
            co_return std::nullopt;
        }
    }
    auto asking = services_.chain.latest_block();
    const Result<chain::Block> head = co_await std::move(asking);
    if (head.has_error()) co_return std::nullopt;
    co_return head->timestamp_unix_s;
}

Task<Result<JobOutlook>> ObjectSweep::look_up(JobId job) {
    JobOutlook outlook;
    auto asking = services_.chain.job(job);
    const Result<chain::JobRecord> record = co_await std::move(asking);
    if (record.has_error()) co_return record.error();
    outlook.record = *record;
    if (!has_ended(*record)) {
        ended_since_.erase(job);
        co_return outlook;
    }
    auto reading = services_.chain.job_assign(job);
    const Result<chain::JobAssign> assign = co_await std::move(reading);
    if (assign.has_error()) co_return assign.error();
    outlook.assign = *assign;
    const std::int64_t now_unix_s = services_.clock.unix_ms() / 1'000;
    outlook.known_ended_s = now_unix_s - ended_since_.try_emplace(job, now_unix_s).first->second;
    co_return outlook;
}

/// Not what somebody is just putting or completing.
Task<> ObjectSweep::remove(Found found) {
    if (found.upload && services_.in_hand.upload_keys().contains(found.name)) co_return;
    const Claim claim(claims_of(services_, found.item.kind), found.name);
    if (!claim.held()) co_return;
    const ObjectKind kind = found.item.kind == StoredItem::Kind::dataset ? ObjectKind::dataset : ObjectKind::result;
    auto removing =
        found.upload ? services_.objects->remove_upload(*found.upload) : services_.objects->remove(kind, found.name);
    const OrRefusal<void> removed = co_await std::move(removing);
    if (removed.has_error())
        log_of(found.job).warn("{}", removed.error().message);
    else
        log_of(found.job).info("removed {}, which the JOB does not need any more", found.name);
}

/// Uploads to which nobody came back, whatever the chain says; they leave `all`.
Task<> ObjectSweep::remove_abandoned(std::vector<Found>& all, std::int64_t now_unix_s) {
    const StorageLimits& limits = services_.store.limits();
    const auto is_abandoned = [&](const Found& found) {
        if (!found.upload) return false;
        const bool is_dataset = found.upload->kind == ObjectKind::dataset;
        const std::int64_t patience_days = is_dataset ? limits.unclaimed_dataset_days : limits.abandoned_upload_days;
        return now_unix_s - found.item.touched_at_unix_s > patience_days * 86'400;
    };
    for (const Found& found : all) {
        if (!is_abandoned(found)) continue;
        auto removing = remove(found);
        co_await std::move(removing);
    }
    std::erase_if(all, is_abandoned);
}

Task<> ObjectSweep::sweep() {
    const std::int64_t own_unix_s = services_.clock.unix_ms() / 1'000;
    auto listing = list();
    std::vector<Found> all = co_await std::move(listing);
    auto removing_abandoned = remove_abandoned(all, own_unix_s);
    co_await std::move(removing_abandoned);

    auto asking = chain_time();
    const std::optional<std::int64_t> chain_unix_s = co_await std::move(asking);
    if (!chain_unix_s) co_return;
    const std::int64_t now_unix_s = std::min(own_unix_s, *chain_unix_s);
    const std::int64_t young_s = youngest_that_expires_s(services_.store.limits());
    std::map<JobId, JobOutlook> known;
    for (Found& found : all) {
        if (now_unix_s - found.item.touched_at_unix_s <= young_s) continue;
        auto job = known.find(found.job);
        if (job == known.end()) {
            auto looking = look_up(found.job);
            const Result<JobOutlook> outlook = co_await std::move(looking);
            if (outlook.has_error()) co_return;
            job = known.emplace(found.job, *outlook).first;
        }
        if (!is_expired(found.item, job->second, services_.store.limits(), now_unix_s)) continue;
        auto removing = remove(std::move(found));
        co_await std::move(removing);
    }
    std::erase_if(ended_since_, [&known](const auto& ended) { return !known.contains(ended.first); });
}

Task<> ObjectSweep::run() {
    for (;;) {
        auto waiting = services_.clock.sleep(interval);
        co_await std::move(waiting);
        auto sweeping = sweep();
        co_await std::move(sweeping);
    }
}

}  // namespace emeth::network
