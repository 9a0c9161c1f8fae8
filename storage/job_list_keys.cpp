#include "storage/job_list_keys.hpp"

#include <algorithm>
#include <limits>

#include "storage/keys.hpp"

namespace emeth::storage {
namespace {

constexpr char any_status = '\xff';

template <class Bytes>
void append(std::string& key, const Bytes& bytes) {
    key.append(bytes.bytes.begin(), bytes.bytes.end());
}

/// RocksDB goes upwards fastest: what is listed from high to low is stored inverted.
std::uint64_t descending(std::int64_t time_unix_s) {
    return std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(time_unix_s);
}

std::string by_time(char whose, const Address* address, std::optional<std::uint8_t> status) {
    std::string key = std::string("by_time/") + whose;
    if (address != nullptr) append(key, *address);
    key.push_back(status ? static_cast<char>(*status) : any_status);
    return key;
}

void append_place(std::string& key, JobOrder order, const IndexedJob& job) {
    switch (order) {
        case JobOrder::newest:
        case JobOrder::oldest:
            append_big_endian(key, descending(job.requested_at_unix_s));
            break;
        case JobOrder::fee:
            for (const std::uint8_t byte : job.fee.bytes) key.push_back(static_cast<char>(~byte));
            break;
        case JobOrder::deadline:
            append_big_endian(key, static_cast<std::uint64_t>(job.deadline_unix_s));
            break;
    }
    append(key, job.id);
}

}  // namespace

std::string list_prefix(const JobQuery& query) {
    if (query.order == JobOrder::fee) return "by_fee/";
    if (query.order == JobOrder::deadline) return "by_deadline/";
    if (query.owner) return by_time('o', &*query.owner, query.status);
    if (query.node) return by_time('n', &*query.node, query.status);
    return by_time('a', nullptr, query.status);
}

std::string list_key(const JobQuery& query, const IndexedJob& job) {
    std::string key = list_prefix(query);
    append_place(key, query.order, job);
    return key;
}

std::vector<std::string> list_keys(const IndexedJob& job) {
    std::vector<std::string> keys;
    const auto add = [&](std::optional<std::uint8_t> status, std::optional<Address> owner, std::optional<Address> node,
                         JobOrder order) {
        JobQuery query;
        query.status = status;
        query.owner = owner;
        query.node = node;
        query.order = order;
        keys.push_back(list_key(query, job));
    };
    for (const std::optional<std::uint8_t> status : {std::optional<std::uint8_t>(), std::optional(job.status)}) {
        add(status, {}, {}, JobOrder::newest);
        add(status, job.owner, {}, JobOrder::newest);
        if (!job.node.is_zero()) add(status, {}, job.node, JobOrder::newest);
    }
    if (job.status == open_status) {
        add(job.status, {}, {}, JobOrder::fee);
        add(job.status, {}, {}, JobOrder::deadline);
    }
    keys.push_back(seen_key(job.seen_block));
    append(keys.back(), job.id);
    return keys;
}

std::string seen_prefix() {
    return "seen/";
}

std::string seen_key(std::uint64_t block) {
    std::string key = seen_prefix();
    append_big_endian(key, block);
    return key;
}

std::string lookup_key(const Lookup& lookup) {
    std::string key(lookup_prefix);
    key.push_back(static_cast<char>(lookup.kind));
    append(key, lookup.job);
    return key;
}

std::optional<Lookup> lookup_of_key(std::string_view key) {
    if (!key.starts_with(lookup_prefix) || key.size() != lookup_prefix.size() + 1 + JobId::size_bytes)
        return std::nullopt;
    const auto kind = static_cast<LookupKind>(key[lookup_prefix.size()]);
    if (kind != LookupKind::dataset_bytes && kind != LookupKind::verdict_reason) return std::nullopt;
    return Lookup{kind, *listed_job_of_key(key)};
}

std::optional<JobId> listed_job_of_key(std::string_view key) {
    if (key.size() < JobId::size_bytes) return std::nullopt;
    JobId id;
    std::copy(key.end() - JobId::size_bytes, key.end(), id.bytes.begin());
    return id;
}

}  // namespace emeth::storage
