// The backend for one machine: objects and parts lie in the server's own folder, and pass through its process.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.hpp"
#include "network/storage_api/folder_uploads.hpp"
#include "network/storage_api/object_backend.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/signed_urls.hpp"
#include "network/storage_api/work_in_hand.hpp"
#include "runtime/blocking_pool.hpp"

namespace emeth::network {

/// All must outlive the backend.
struct FolderBackendPorts {
    ObjectStore& store;
    WorkInHand& in_hand;
    const SignedUrls& urls;
    BlockingPool& pool;
};

class FolderBackend final : public ObjectBackend {
public:
    explicit FolderBackend(FolderBackendPorts ports) : ports_(ports), uploads_(ports.store) {}

    Result<void> open() override;
    Task<> run() override { co_return; }
    Task<std::vector<std::string>> why_not_ready() override;

    Task<OrRefusal<std::optional<StoredObject>>> find(ObjectKind kind, std::string name) override;
    Task<OrRefusal<std::vector<StoredObject>>> list(ObjectKind kind, std::string prefix) override;
    std::string get_url(ObjectKind kind, const std::string& name) override;
    Task<OrRefusal<void>> remove(ObjectKind kind, std::string name) override;
    Task<OrRefusal<DatasetPut>> put_dataset(std::string upload_id, NewDataset dataset,
                                            std::set<std::string> keys_in_work) override;
    Task<std::vector<Upload>> uploads() override;
    Task<OrRefusal<UploadTicket>> open_upload(std::string upload_id, UploadBinding binding,
                                              std::set<std::string> keys_in_work) override;
    std::string put_part_url(const Upload& upload, std::uint32_t number) override;
    Task<OrRefusal<UploadDigest>> digest(std::string upload_id, JobId job, Address address) override;
    Task<OrRefusal<UploadOutlook>> outlook(std::string upload_id, JobId job, Address address,
                                           std::string extension) override;
    Task<OrRefusal<std::string>> complete(std::string upload_id, JobId job, Address address, std::string extension,
                                          std::vector<std::string> etags) override;
    Task<OrRefusal<void>> remove_upload(Upload upload) override;

    /// The objects themselves, behind signed URLs.
    void add_routes(http::Server& server);

private:
    FolderBackendPorts ports_;
    FolderUploads uploads_;
};

}  // namespace emeth::network
