// What all endpoints of the Storage API share. Internal to the server.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "http/server.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/object_backend.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/signed_urls.hpp"
#include "network/storage_api/storage_api_server.hpp"
#include "network/storage_api/upload_records.hpp"
#include "network/storage_api/url_budget.hpp"
#include "network/storage_api/verdict_reasons.hpp"
#include "network/storage_api/work_in_hand.hpp"

namespace emeth::network {

struct StorageServices : StorageApiPorts {
    StorageServices(StorageApiPorts ports, std::filesystem::path folder, StorageLimits limits);

    ObjectStore store;
    UploadRecords records;
    SignedUrls urls;
    WorkInHand in_hand;
    std::unique_ptr<ObjectBackend> objects;  ///< set before the first request
    VerdictReasons verdicts;
    UsedSignatures used_signatures;
    UrlBudget url_budget;

    [[nodiscard]] AdmissionPorts admission() { return {chain, clock, used_signatures}; }
    /// What a request opens: the same for the same signature, however often it is sent, also after a restart.
    [[nodiscard]] std::string upload_id_of(const SignedRequest& request) const;
    /// An upload that was opened before; see UploadRecords::resume().
    Task<OrRefusal<UploadTicket>> resume_upload(std::string upload_id, UploadBinding binding);
};

}  // namespace emeth::network
