// An upload in parts as the server's folder keeps it: uploads/<jobid>/<key>/ holds upload.json and, where the objects
// lie in the same folder, part-1, part-2, …, so that an open upload survives a restart of the server. All calls block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "network/storage_api/object_names.hpp"
#include "network/storage_api/space_book.hpp"
#include "network/storage_api/upload_size.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

struct UploadBinding {
    Address address;
    JobId job;
    std::string extension;
    UploadSize size;
    std::optional<Hash256> sha256{};  ///< of the whole file, which then bears it in its name and can be nothing else

    friend bool operator==(const UploadBinding&, const UploadBinding&) = default;
};

struct Upload {
    UploadBinding binding;
    std::string key;  ///< names it in URLs and paths
    std::filesystem::path folder;
    ObjectKind kind;
    std::string file_name;       ///< of the object; see api_client/result_name.hpp and dataset_name.hpp
    std::string s3_upload_id{};  ///< by which an S3 store knows it; empty where the parts lie in `folder`
    // Only of uploads to an S3 store:
    bool is_completing = false;  ///< of a dataset: the object, once there is one, was made of this upload
    bool is_completed = false;   ///< the object is there, and the parts are not needed any more

    Upload(UploadBinding bound, std::filesystem::path at);
    /// Datasets count for whoever uploads them alone.
    [[nodiscard]] Payer payer() const;
    [[nodiscard]] std::filesystem::path record() const;
    /// `number`: from 1.
    [[nodiscard]] std::filesystem::path part(std::uint32_t number) const;
    [[nodiscard]] bool has_parts() const;
    /// When somebody last opened it or put a part.
    [[nodiscard]] std::int64_t touched_at_unix_ns() const;
    [[nodiscard]] std::int64_t touched_at_unix_s() const;
};

std::string record_text(const Upload& upload);
/// Error: there is no upload in this folder, or its record was not written whole.
Result<Upload> read_upload(const std::filesystem::path& folder);

}  // namespace emeth::network
