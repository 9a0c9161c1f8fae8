// The JOB info server: GET /api/v1/jobs, a list of what the contract says, kept in a store of its own. Io thread only.
#pragma once

#include <boost/json/array.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "network/info_server/change_feed.hpp"
#include "network/info_server/job_index.hpp"
#include "network/info_server/list_answers.hpp"
#include "network/info_server/storage_lookups.hpp"
#include "network/server_page.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

/// All must outlive the service.
struct InfoServerPorts {
    chain::Chain& chain;
    api_client::ArtifactStore& storage;
    Clock& clock;
    BlockingPool& pool;
};

struct InfoServerOptions {
    http::ServerOptions listen{};
    std::filesystem::path folder;  ///< of the list's store
    JobIndexOptions index{};
    Milliseconds poll_interval{1'000};  ///< of the chain
    AddPage add_page{};
};

class InfoServerService {
public:
    /// Clients that wait for a change, and those that listen to events. Each holds a connection.
    static constexpr std::size_t waiting_max = 64, listeners_max = 64;

    InfoServerService(asio::any_io_executor executor, InfoServerPorts ports, InfoServerOptions options);
    ~InfoServerService();

    /// Opens the store and listens. An Error names the folder or the address, and says what to do.
    Result<void> listen();
    [[nodiscard]] std::string url() const { return server_.url(); }
    /// Follows the chain and serves until cancelled. While the endpoint is down it serves what it knows, marked as
    /// stale, also right after a start; the header x-emeth-block gives the block up to which that is complete, and
    /// /readyz says that it is not ready.
    Task<> run();
    /// Sentences for /readyz: why its list is not up to date; none: it is.
    Task<std::vector<std::string>> why_not_ready();

    /// The newest JOBs, of `status` or of all statuses, each as GET /api/v1/jobs lists it. Reads the store on this
    /// thread: for short lists.
    [[nodiscard]] boost::json::array newest(std::optional<chain::JobStatus> status, std::size_t count_max) const;
    [[nodiscard]] std::map<chain::JobStatus, std::size_t> count_by_status() const;

private:
    struct Parts;

    Task<http::Answer> list(http::ServerRequest request);
    Task<Result<ListAnswers::Answer>> changed_answer(ListQuery query, std::string known_etag);
    [[nodiscard]] http::ServerResponse response_of(const ListAnswer& answer) const;
    Task<> tell_changes(http::EventStream stream);
    Task<Result<void>> tell_job(http::EventStream* stream, JobId job);
    Task<http::Answer> alive();
    [[nodiscard]] boost::json::object progress() const;
    Task<> follow();

    asio::any_io_executor executor_;
    InfoServerPorts ports_;
    std::filesystem::path folder_;
    JobIndexOptions index_options_;
    Milliseconds poll_interval_;
    bool is_current_ = false;                       ///< the last update of the list succeeded
    std::optional<Milliseconds> was_current_at_{};  ///< monotonic
    std::size_t waiting_ = 0;
    ChangeFeed feed_;
    std::unique_ptr<Parts> parts_;  ///< those that need the store; none before listen()
    ServerPage page_;
    http::Server server_;
};

}  // namespace emeth::network
