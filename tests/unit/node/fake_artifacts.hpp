// A Storage API in memory that knows what a worker would have put.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "runtime/wakeup.hpp"
#include "statemachine/job.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::test {

class FakeArtifacts final : public api_client::ArtifactStore {
public:
    std::optional<Error> failure;  ///< of every call while set
    std::map<std::string, std::uint64_t> datasets;
    std::string unreachable;       ///< a dataset that cannot be asked for now
    statemachine::Artifact holds;  ///< what lies there once the parts are put
    statemachine::WorkerFile evidence;
    int damaged_uploads = 0;         ///< so many of the next uploads hold other bytes
    int refused_uploads = 0;         ///< of so many of the next uploads parts are missing
    int wrong_names = 0;             ///< so many of the next uploads are named by the digest of another file
    bool is_published = false;       ///< a server without our extensions
    bool forgets_uploads = false;    ///< there is no such upload, whichever is named
    bool hang_dataset_urls = false;  ///< from now on
    int dataset_urls = 0;
    int opened = 0, completed = 0;
    int resumed = 0;  ///< so often new URLs of an open upload were given
    std::set<std::string> evidence_uploads;
    int evidence_completed = 0;
    std::map<std::uint32_t, std::string> completed_etags;
    std::optional<api_client::VerdictReason> reason;
    int reason_questions = 0;

    Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) override {
        if (failure) co_return *failure;
        if (dataset == unreachable) co_return transient_error("the Storage API does not answer");
        if (!datasets.contains(dataset)) co_return permanent_error("the Storage API has no dataset " + dataset);
        co_return datasets.at(dataset);
    }
    Task<Result<std::string>> dataset_url(JobId) override {
        ++dataset_urls;
        if (hang_dataset_urls) {
            Wakeup never(co_await asio::this_coro::executor);
            co_await never.wait();
        }
        if (failure) co_return *failure;
        co_return "http://storage/dataset?signature=secret";
    }
    Task<Result<api_client::OpenedUpload>> open_upload(JobId job, statemachine::WorkerFile file, std::string extension,
                                                       std::optional<std::string> upload_id) override {
        if (failure) co_return *failure;
        if (upload_id && !is_published) {
            if (forgets_uploads) co_return permanent_error("the Storage API answered 404: there is no such upload");
            ++resumed;
            co_return uploads_.at(*upload_id);
        }
        ++opened;
        if (extension == ".evidence") evidence_uploads.insert("upload-" + std::to_string(opened));
        api_client::OpenedUpload upload{"upload-" + std::to_string(opened), job.hex() + extension, {}};
        if (extension == ".tar" && !is_published)
            upload.file_name = api_client::bound_result_name(job, wrong_names-- > 0 ? Hash256{} : file.sha256, ".tar");
        for (std::uint64_t offset = 0; offset < file.bytes; offset += upload_part_bytes)
            upload.urls.push_back("http://storage/part?signature=secret");
        uploads_[upload.upload_id] = upload;
        co_return upload;
    }
    Task<Result<void>> complete_upload(JobId, std::string, std::map<std::uint32_t, std::string> etags,
                                       std::string extension) override {
        if (failure) co_return *failure;
        if (extension == ".evidence") {
            ++evidence_completed;
            co_return Result<void>{};
        }
        ++completed;
        completed_etags = std::move(etags);
        co_return Result<void>{};
    }
    Task<Result<std::optional<UploadState>>> upload_state(JobId, std::string upload_id) override {
        if (failure) co_return *failure;
        if (is_published) co_return std::optional<UploadState>();
        if (evidence_uploads.contains(upload_id))
            co_return std::optional(UploadState{evidence.bytes, evidence.sha256, evidence_completed > 0});
        if (refused_uploads > 0) {
            --refused_uploads;
            co_return permanent_error("the Storage API answered 409 Conflict: part 1 of 3 is missing");
        }
        UploadState state{holds.bytes, holds.sha256, completed > 0};
        if (damaged_uploads > 0) {
            --damaged_uploads;
            state.sha256->bytes[0] ^= 1;
        }
        co_return std::optional(state);
    }
    Task<Result<std::optional<api_client::VerdictReason>>> verdict_reason(JobId) override {
        ++reason_questions;
        if (failure) co_return *failure;
        co_return reason;
    }

private:
    std::map<std::string, api_client::OpenedUpload> uploads_;  ///< by their ids
};

}  // namespace emeth::test
