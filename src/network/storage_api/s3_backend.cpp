#include "network/storage_api/s3_backend.hpp"

#include <fmt/format.h>

#include "network/storage_api/object_names.hpp"
#include "network/storage_api/signed_urls.hpp"
#include "runtime/log.hpp"

namespace emeth::network {
namespace {

constexpr Milliseconds stock_retry{5'000};
constexpr Milliseconds probe_lifetime{5'000};
constexpr Milliseconds recount_interval{3'600'000};
constexpr std::int64_t ns_per_s = 1'000'000'000;

}  // namespace

S3Backend::S3Backend(S3BackendPorts ports, s3::S3Settings settings)
    : ports_(ports),
      client_(std::move(settings), ports.clock),
      records_(ports.store),
      trouble_(ports.clock),
      answers_([this] { return answers(); }, ports.clock, probe_lifetime) {}

/// Callers learn no more than that; why is for the operator.
Refusal S3Backend::unavailable(const Error& error) {
    if (trouble_.is_due(error.message)) spdlog::warn("the object store does not serve: {}", error.message);
    return {503, "the object store does not answer; ask again"};
}

Result<void> S3Backend::open() {
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result})
        if (!ports_.store.list(kind, "").empty())
            return permanent_error(fmt::format(
                "{} holds objects, but they are to lie in an object store: move them there as {}…, or leave "
                "s3_endpoint unset",
                ports_.store.path(kind, "").string(), book_key(kind, "")));
    for (const Upload& upload : records_.recover())
        if (!upload.is_completed && upload.kind == ObjectKind::result)
            ports_.store.book().found(space_key(upload), upload.payer(), upload.binding.size.bytes_max());
    return {};
}

Task<std::uint64_t> S3Backend::take_stock(ObjectKind kind) {
    for (;;) {
        auto listing = list(kind, "");
        const OrRefusal<std::vector<StoredObject>> all = co_await std::move(listing);
        if (all.has_value()) {
            for (const StoredObject& object : *all)
                ports_.store.book().found(book_key(kind, object.name), payer_of(kind, object.name), object.bytes);
            co_return all->size();
        }
        auto waiting = ports_.clock.sleep(stock_retry);
        co_await std::move(waiting);
    }
}

Task<> S3Backend::run() {
    std::uint64_t count = 0;
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result}) {
        auto taking = take_stock(kind);
        count += co_await std::move(taking);
    }
    stock_is_taken_ = true;
    spdlog::info("the object store holds {} objects, {} bytes with open uploads", count,
                 ports_.store.book().total().stored);
    for (;;) {
        auto counting = count_open_datasets();
        co_await std::move(counting);
        auto waiting = ports_.clock.sleep(recount_interval);
        co_await std::move(waiting);
    }
}

Task<bool> S3Backend::answers() {
    auto asking = client_.list(book_key(ObjectKind::result, "-"), "");  // there are none, but the bucket must be
    const Result<s3::ObjectPage> page = co_await std::move(asking);
    if (page.has_error()) (void)unavailable(page.error());
    if (page.has_value() && trouble_.ended()) spdlog::info("the object store serves again");
    co_return page.has_value();
}

Task<std::vector<std::string>> S3Backend::why_not_ready() {
    std::vector<std::string> reasons;
    auto asking = answers_.get();
    const bool serves = co_await std::move(asking);
    if (!serves) reasons.emplace_back("the object store does not answer");
    if (serves && !stock_is_taken_) reasons.emplace_back("what the object store holds has not been read yet");
    if (ports_.store.check_space({}, 1).has_error())
        reasons.emplace_back("nothing can be stored: there is no space left");
    co_return reasons;
}

/// S3 dates an object made of parts by the opening of its upload. That is no way around the draw: once a JOB is
/// SUBMITTED, no upload of its result is completed.
Task<OrRefusal<std::optional<StoredObject>>> S3Backend::find(ObjectKind kind, std::string name) {
    if (!is_object_name(name)) co_return std::optional<StoredObject>();
    auto asking = client_.head(book_key(kind, name));
    const Result<std::optional<s3::S3Object>> object = co_await std::move(asking);
    if (object.has_error()) co_return unavailable(object.error());
    if (!*object) co_return std::optional<StoredObject>();
    co_return std::optional(StoredObject{name, (*object)->bytes, (*object)->last_modified_unix_s * ns_per_s});
}

Task<OrRefusal<std::vector<StoredObject>>> S3Backend::list(ObjectKind kind, std::string prefix) {
    const std::string folder = book_key(kind, "");
    std::vector<StoredObject> all;
    std::string after;
    for (bool more = true; more;) {
        auto listing = client_.list(folder + prefix, after);
        const Result<s3::ObjectPage> page = co_await std::move(listing);
        if (page.has_error()) co_return unavailable(page.error());
        for (const s3::S3Object& object : page->objects)
            all.push_back({object.key.substr(folder.size()), object.bytes, object.last_modified_unix_s * ns_per_s});
        more = page->is_truncated && !page->objects.empty();
        if (more) after = page->objects.back().key;
    }
    co_return all;
}

std::string S3Backend::get_url(ObjectKind kind, const std::string& name) {
    return client_.presigned_get(book_key(kind, name), now_unix_s(), url_valid_s);
}

Task<OrRefusal<void>> S3Backend::remove(ObjectKind kind, std::string name) {
    auto removing = client_.remove(book_key(kind, name));
    const Result<void> removed = co_await std::move(removing);
    if (removed.has_error()) co_return unavailable(removed.error());
    ports_.store.book().erase(book_key(kind, name));
    co_return OrRefusal<void>{};
}

}  // namespace emeth::network
