// What all endpoints of the Storage API share. Internal to the server.
#pragma once

#include <array>
#include <set>
#include <string>

#include "http/server.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/multipart_uploads.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/storage_api_server.hpp"
#include "network/storage_api/url_budget.hpp"
#include "network/storage_api/verdict_reasons.hpp"

namespace emeth::network {

struct StorageServices : StorageApiPorts {
    StorageServices(StorageApiPorts ports, std::filesystem::path folder, StorageLimits limits)
        : StorageApiPorts(ports), store(std::move(folder), limits), uploads(store), verdicts(store) {}

    ObjectStore store;
    MultipartUploads uploads;
    VerdictReasons verdicts;
    UsedSignatures used_signatures;
    UrlBudget url_budget;
    std::array<std::uint8_t, 32> secret{};   ///< set before the first request
    std::string base_url;                    ///< set before the first request
    std::set<std::string> datasets_in_work;  ///< names being sent or published
    std::set<std::string> verdicts_in_work;  ///< ids of JOBs whose reason is being stored
    std::set<std::string> openings_in_work;  ///< ids of JOBs for which an upload is being opened
    std::set<std::string> uploads_in_work;   ///< keys of uploads, and names of objects, being assembled
    std::set<std::string> parts_in_work;     ///< "<key of the upload>/<number>", being sent or stored

    [[nodiscard]] AdmissionPorts admission() { return {chain, clock, used_signatures}; }
    /// An absolute URL, valid only for `method` on `path` and for 12 hours: long enough for the slowest transfer.
    [[nodiscard]] std::string signed_url(std::string_view method, const std::string& path) const;
    /// Refuses a request whose URL was not signed for its method and path.
    [[nodiscard]] OrRefusal<void> check_url(const http::ServerRequest& request) const;
    /// What a request opens: the same for the same signature, however often it is sent, also after a restart.
    [[nodiscard]] std::string upload_id_of(const SignedRequest& request) const;
    /// Keys of uploads that must stay: parts are being put, or assembled.
    [[nodiscard]] std::set<std::string> upload_keys_in_work() const;
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
