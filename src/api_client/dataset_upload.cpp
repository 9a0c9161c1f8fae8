// Uploads of datasets: StorageApiClient's part for requesters.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api_client/dataset_name.hpp"
#include "api_client/storage_answers.hpp"
#include "api_client/storage_api_client.hpp"
#include "api_client/storage_digests.hpp"
#include "crypto/sha256.hpp"
#include "runtime/waiting.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::api_client {
namespace {

constexpr Milliseconds idle_timeout{60'000};
constexpr std::uint32_t part_tries_max = 3;

/// A part that fails for a passing reason is put again: what is there stays there.
Task<Result<std::string>> put_patiently(http::PartPorts ports, http::PartSource source, std::uint32_t part,
                                        std::string url) {
    for (std::uint32_t attempt = 1;; ++attempt) {
        auto putting = http::put_part(ports, source, part, url, idle_timeout);
        Result<std::string> etag = co_await std::move(putting);
        if (etag.has_value() || etag.error().kind == ErrorKind::permanent || attempt == part_tries_max) co_return etag;
    }
}

}  // namespace

Task<Result<std::string>> StorageApiClient::upload_dataset(JobId job, std::filesystem::path file) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(file, error);
    if (error) co_return permanent_error(fmt::format("dataset {}: {}", file.string(), error.message()));
    const Waiting waiting(fmt::format("the upload of {}, {} bytes", file.string(), bytes));
    const auto sha256 = crypto::sha256_of_file(file);
    if (sha256.has_error()) co_return sha256.error();
    const auto now_ms = time_.signing_unix_ms();
    boost::json::object body = signed_body(job, dataset_upload_digest(job, *sha256, bytes, now_ms), now_ms);
    body["sha256"] = sha256->hex();
    body["bytes"] = bytes;
    const auto response = co_await post(signed_put_url_path, std::move(body));
    if (response.has_error()) co_return response.error();
    auto answer = read_dataset_answer(*response, upload_parts_of(bytes));
    if (answer.has_error()) co_return answer.error();
    if (answer->upload) {
        const statemachine::WorkerFile whole{*sha256, bytes};
        auto putting = put_in_parts(job, whole, std::move(file), std::move(*answer->upload));
        co_return co_await std::move(putting);
    }
    if (!answer->url) co_return answer->file_name;
    const auto url = http::Url::parse(*answer->url);
    if (url.has_error()) co_return in_context("signed-put-url's answer", url.error());
    const auto put = co_await http::upload_range(*url, std::move(file), 0, bytes, idle_timeout);
    if (put.has_error()) co_return put.error();
    if (!http::is_success(put->status)) co_return http::status_error("the Storage API (dataset upload)", *put);
    co_return answer->file_name;
}

Task<Result<std::string>> StorageApiClient::put_in_parts(JobId job, statemachine::WorkerFile file,
                                                         std::filesystem::path path, OpenedUpload upload) {
    auto gathering = other_pages(job, file, std::string(dataset_upload_extension), std::move(upload));
    const Result<OpenedUpload> whole = co_await std::move(gathering);
    if (whole.has_error()) co_return whole.error();
    const http::PartSource source{std::move(path), file.bytes, "put_dataset"};
    BlockingPool pool(1);
    const http::PartPorts ports{pool, doubted_etags_};
    std::map<std::uint32_t, std::string> etags;
    for (std::uint32_t part = 1; part <= whole->urls.size(); ++part) {
        auto putting = put_patiently(ports, source, part, whole->urls[part - 1]);
        Result<std::string> etag = co_await std::move(putting);
        if (etag.has_error()) co_return in_context("the dataset", etag.error());
        etags.emplace(part, std::move(*etag));
    }
    auto completing = complete_upload(job, whole->upload_id, std::move(etags), std::string(dataset_upload_extension));
    const Result<void> completed = co_await std::move(completing);
    if (completed.has_error()) co_return completed.error();
    co_return whole->file_name;
}

}  // namespace emeth::api_client
