#include "network/storage_api/folder_backend.hpp"

#include "api_client/dataset_name.hpp"
#include "network/storage_api/object_names.hpp"

namespace emeth::network {

Result<void> FolderBackend::open() {
    if (Result<void> entered = ports_.store.enter_objects(); entered.has_error()) return entered;
    uploads_.recover();
    return {};
}

Task<std::vector<std::string>> FolderBackend::why_not_ready() {
    auto check = [this] { return ports_.store.check_space({}, 1); };
    auto checking = ports_.pool.run(std::move(check));
    const OrRefusal<void> space = co_await std::move(checking);
    std::vector<std::string> reasons;
    if (space.has_error()) reasons.emplace_back("nothing can be stored: there is no space left");
    co_return reasons;
}

Task<OrRefusal<std::optional<StoredObject>>> FolderBackend::find(ObjectKind kind, std::string name) {
    co_return ports_.store.find(kind, name);
}

Task<OrRefusal<std::vector<StoredObject>>> FolderBackend::list(ObjectKind kind, std::string prefix) {
    auto work = [this, kind, &prefix]() -> OrRefusal<std::vector<StoredObject>> {
        return ports_.store.list(kind, prefix);
    };
    co_return co_await ports_.pool.run(std::move(work));
}

std::string FolderBackend::get_url(ObjectKind kind, const std::string& name) {
    return ports_.urls.sign("GET", object_path(kind, name));
}

Task<OrRefusal<void>> FolderBackend::remove(ObjectKind kind, std::string name) {
    auto work = [this, kind, &name]() -> OrRefusal<void> {
        const Result<void> removed = ports_.store.remove(ports_.store.path(kind, name));
        if (removed.has_error()) return disk_refusal(removed.error());
        return {};
    };
    co_return co_await ports_.pool.run(std::move(work));
}

/// In one piece: its digest is checked as it arrives, and nothing is written twice.
Task<OrRefusal<DatasetPut>> FolderBackend::put_dataset(std::string /*upload_id*/, NewDataset dataset,
                                                       std::set<std::string> /*keys_in_work*/) {
    const std::string name = api_client::dataset_name(dataset.job, dataset.address);
    if (!ports_.store.find(ObjectKind::dataset, name)) {
        const OrRefusal<void> space = ports_.store.check_space({.address = dataset.address}, dataset.bytes);
        if (space.has_error()) co_return space.error();
    }
    const std::string path = put_dataset_path(name, plain_hex(dataset.sha256), std::to_string(dataset.bytes));
    co_return DatasetPut{.url = ports_.urls.sign("PUT", path)};
}

Task<std::vector<Upload>> FolderBackend::uploads() {
    auto work = [this] { return uploads_.all(); };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<OrRefusal<UploadTicket>> FolderBackend::open_upload(std::string upload_id, UploadBinding binding,
                                                         std::set<std::string> keys_in_work) {
    auto work = [this, &upload_id, &binding, &keys_in_work] { return uploads_.open(binding, upload_id, keys_in_work); };
    co_return co_await ports_.pool.run(std::move(work));
}

std::string FolderBackend::put_part_url(const Upload& upload, std::uint32_t number) {
    return ports_.urls.sign("PUT",
                            put_part_path(plain_hex(upload.binding.address), plain_hex(upload.binding.job), upload.key,
                                          std::to_string(number), upload.binding.size.length_of(number).text()));
}

Task<OrRefusal<UploadDigest>> FolderBackend::digest(std::string upload_id, JobId job, Address address) {
    auto work = [this, &upload_id, &job, &address] { return uploads_.digest(upload_id, job, address); };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<OrRefusal<UploadOutlook>> FolderBackend::outlook(std::string upload_id, JobId job, Address address,
                                                      std::string extension) {
    auto work = [this, &upload_id, &job, &address, &extension] {
        return uploads_.outlook(upload_id, job, address, extension);
    };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<OrRefusal<std::string>> FolderBackend::complete(std::string upload_id, JobId job, Address address,
                                                     std::string extension, std::vector<std::string> etags) {
    auto work = [this, &upload_id, &job, &address, &extension, &etags] {
        return uploads_.complete(upload_id, job, address, extension, etags);
    };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<OrRefusal<void>> FolderBackend::remove_upload(Upload upload) {
    auto work = [this, &upload] { uploads_.remove(upload); };
    co_await ports_.pool.run(std::move(work));
    co_return OrRefusal<void>{};
}

}  // namespace emeth::network
