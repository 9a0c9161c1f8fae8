// Answers of the Storage API as values. Pure; an Error names the field.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api_client/storage_api_client.hpp"
#include "runtime/result.hpp"

namespace emeth::api_client {

/// {"result": bytes}
Result<std::uint64_t> read_size(const boost::json::value& answer);
/// {"url": …}; `what` names the answer.
Result<std::string> read_signed_url(const boost::json::value& answer, std::string_view what);
/// {"uploadId", "fileName", "urls": {"0": url, "1": url, …}, "nextPart"?}: the URLs of the parts from index `first` on,
/// as far as the one before `nextPart`, or of all where none is to follow, with none missing.
Result<OpenedUpload> read_upload_page(const boost::json::value& answer, std::uint32_t first, std::uint32_t parts);
/// How a dataset is to be put: to `url`, or in parts; neither: it is there already.
struct DatasetAnswer {
    std::string file_name;
    std::optional<std::string> url;
    std::optional<OpenedUpload> upload;
};
/// {"fileName"}, and "url" or the first page of an upload in parts.
Result<DatasetAnswer> read_dataset_answer(const boost::json::value& answer, std::uint32_t parts);
/// {"bytes", "sha256"?, "completed"}
Result<ArtifactStore::UploadState> read_upload_state(const boost::json::value& answer);
/// {"url", "bytes", "storedAt"?}
Result<StorageApiClient::ResultLocation> read_result_location(const boost::json::value& answer);

}  // namespace emeth::api_client
