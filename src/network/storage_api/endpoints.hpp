// The endpoints of the Storage API, by what they are about. Not for users of the library.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <set>
#include <string>

#include "chain/chain.hpp"
#include "http/server.hpp"
#include "http/signed_url.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/multipart_uploads.hpp"
#include "network/storage_api/object_store.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace emeth::network {

inline constexpr std::size_t request_bytes_max = 64 << 10;

/// What all endpoints work with.
struct StorageServices {
    ObjectStore& store;
    MultipartUploads& uploads;
    chain::Chain& chain;
    Clock& clock;
    Random& random;
    BlockingPool& pool;
    std::optional<http::UrlSigner> signer;  ///< set before the first request
    std::string base_url;

    /// An absolute URL for `method` on `path`, valid for 12 hours: long enough for the slowest transfer, and of use for
    /// nothing else.
    [[nodiscard]] std::string signed_url(std::string_view method, const std::string& path) const;
    /// Refuses a request whose URL was not signed for its method and path.
    [[nodiscard]] std::optional<http::ServerResponse> check_url(const http::ServerRequest& request) const;
};

/// Keeps two requests from working on the same name at once, for as long as it lives.
class Claim {
public:
    Claim(std::set<std::string>& claimed, std::string name)
        : claimed_(claimed), name_(std::move(name)), held_(claimed_.insert(name_).second) {}
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() {
        if (held_) claimed_.erase(name_);
    }
    /// False when another holds the name.
    [[nodiscard]] bool held() const { return held_; }

private:
    std::set<std::string>& claimed_;
    std::string name_;
    bool held_;
};

/// Datasets: signed-put-url, PUT, signed-get-url, GET, sizeOf.
class DatasetEndpoints {
public:
    explicit DatasetEndpoints(StorageServices& services) : services_(services) {}
    void add_to(http::Server& server);

private:
    Task<http::ServerResponse> signed_put_url(http::ServerRequest request);
    Task<http::ServerResponse> put(http::ServerRequest request);
    Task<http::ServerResponse> signed_get_url(http::ServerRequest request);
    Task<http::ServerResponse> size_of(http::ServerRequest request);

    Task<Outcome<boost::json::value>> permit_put(std::string body);
    Task<Outcome<boost::json::value>> permit_get(std::string body);
    Task<Outcome<boost::json::value>> store_dataset(http::ServerRequest request);

    StorageServices& services_;
    std::set<std::string> storing_;  // names that are being published
};

/// Results: multipart uploads and what became of them.
class ResultEndpoints {
public:
    explicit ResultEndpoints(StorageServices& services) : services_(services) {}
    void add_to(http::Server& server);

private:
    Task<http::ServerResponse> get_put_signed_urls(http::ServerRequest request);
    Task<http::ServerResponse> put_part(http::ServerRequest request);
    Task<http::ServerResponse> upload_state(http::ServerRequest request);
    Task<http::ServerResponse> complete_upload(http::ServerRequest request);
    Task<http::ServerResponse> signed_result_url(http::ServerRequest request);

    Task<Outcome<boost::json::value>> open_upload(std::string body);
    Task<Outcome<std::string>> store_part(http::ServerRequest request);
    Task<Outcome<boost::json::value>> describe_upload(std::string body);
    Task<Outcome<boost::json::value>> complete(std::string body);
    Task<Outcome<boost::json::value>> permit_get(std::string body);

    StorageServices& services_;
    std::set<std::string> completing_;  // keys of uploads that are being assembled
};

/// Answers a GET of a complete object by streaming it.
Task<http::ServerResponse> get_object(StorageServices* services, ObjectKind kind, http::ServerRequest request);

/// A body that must be a JSON object.
Outcome<boost::json::value> parse_body(const std::string& body);

}  // namespace emeth::network
