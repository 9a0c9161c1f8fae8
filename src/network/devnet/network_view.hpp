// What a devnet's page shows of its network, assembled from what its parts know: docs/PROTOCOL.md has the JSON. Nothing
// in it is secret: no key, no signed URL, no path. Io thread only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "chain/chain.hpp"
#include "network/info_server/info_server.hpp"
#include "network/storage_api/storage_api_server.hpp"
#include "network/verifier/verifier.hpp"
#include "runtime/clock.hpp"

namespace emeth::network {

/// All must outlive the view.
struct NetworkParts {
    chain::Chain& chain;
    InfoServerService& info_server;
    StorageApiServer& storage_api;
    Verifier& verifier;
    Clock& clock;
};

/// Where they are, and what they are called on chain.
struct NetworkNames {
    std::uint64_t chain_id = 0;
    Address core, token, verifier;
    std::string endpoint, storage_url, info_url;
};

class NetworkView {
public:
    static constexpr std::size_t jobs_max = 100;
    /// Counting objects and uploads reads the whole folder, so it is not done for each look.
    static constexpr Milliseconds storage_age_max{5'000};

    NetworkView(NetworkParts parts, NetworkNames names) : parts_(parts), names_(std::move(names)) {}

    /// A part that does not answer is shown as one that is not ready.
    Task<Result<boost::json::value>> look();

private:
    Task<boost::json::array> look_at_servers(bool chain_answers);
    Task<boost::json::object> storage_json();

    NetworkParts parts_;
    NetworkNames names_;
    std::optional<StorageSummary> storage_;
    Milliseconds storage_counted_at_{0};  ///< monotonic
};

}  // namespace emeth::network
