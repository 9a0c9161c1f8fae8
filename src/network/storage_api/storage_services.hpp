// What all endpoints of the Storage API share. Internal to the server.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "http/server.hpp"
#include "http/signed_url.hpp"
#include "network/storage_api/multipart_uploads.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/storage_api_server.hpp"
#include "network/storage_api/verdict_reasons.hpp"

namespace emeth::network {

struct StorageServices : StorageApiPorts {
    StorageServices(StorageApiPorts ports, std::filesystem::path folder, StorageLimits limits)
        : StorageApiPorts(ports), store(std::move(folder), limits), uploads(store), verdicts(store) {}

    ObjectStore store;
    MultipartUploads uploads;
    VerdictReasons verdicts;
    std::optional<http::UrlSigner> signer;   ///< set before the first request
    std::string base_url;                    ///< set before the first request
    std::set<std::string> datasets_in_work;  ///< names being published
    std::set<std::string> verdicts_in_work;  ///< ids of JOBs whose reason is being stored
    std::set<std::string> uploads_in_work;   ///< keys of uploads, and names of objects, being assembled

    /// An absolute URL, valid only for `method` on `path` and for 12 hours: long enough for the slowest transfer.
    [[nodiscard]] std::string signed_url(std::string_view method, const std::string& path) const;
    /// Refuses a request whose URL was not signed for its method and path.
    [[nodiscard]] OrRefusal<void> check_url(const http::ServerRequest& request) const;
};

/// Keeps other requests from working on the same name for as long as it lives.
class Claim {
public:
    Claim(std::set<std::string>& claimed, std::string name)
        : claimed_(claimed), name_(std::move(name)), held_(claimed_.insert(name_).second) {}
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() {
        if (held_) claimed_.erase(name_);
    }
    /// False when another request holds the name.
    [[nodiscard]] bool held() const { return held_; }

private:
    std::set<std::string>& claimed_;
    std::string name_;
    bool held_;
};

}  // namespace emeth::network
