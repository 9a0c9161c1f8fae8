// Where the open JOBs come from: the JOB info server, or, while there is none, it is down or it is stale, the contract
// itself. Io thread only.
//
// Either only says which JOBs to look at. The verdict on each is made of what the chain says, and is the same.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/market/contract_offers.hpp"
#include "runtime/reminder.hpp"

namespace emeth::node {

class OfferSource final : public api_client::InfoServer {
public:
    /// So long after a JOB was requested, a server that does not list it is stale.
    static constexpr std::int64_t stale_after_s = 300;
    /// How often the contract is asked whether the server is stale.
    static constexpr Milliseconds compared_every{60'000};
    /// Ranges of blocks that one comparison reads at most: a server that answers must not wait for the contract.
    static constexpr std::size_t compared_ranges = 2;

    /// `server` null: there is none. All must outlive it.
    OfferSource(asio::any_io_executor executor, api_client::InfoServer* server, ContractPorts ports, Address core)
        : server_(server),
          contract_(std::move(executor), ports, core),
          clock_(ports.clock),
          direct_(ports.clock),
          unread_(ports.clock) {}

    /// The server's list; with what the contract has besides, if it is stale; the contract's alone, while it is down.
    /// An Error: neither can be read.
    Task<Result<std::vector<api_client::JobOffer>>> open_jobs() override;

    /// Why the contract is asked; none: the server's list is taken.
    [[nodiscard]] const std::optional<std::string>& why_direct() const { return why_direct_; }

private:
    Task<Result<std::vector<api_client::JobOffer>>> from_contract();
    Task<std::optional<std::string>> why_stale(std::vector<api_client::JobOffer> listed);
    void tell();

    api_client::InfoServer* server_;
    ContractOffers contract_;
    const Clock& clock_;
    std::optional<Milliseconds> compared_at_;
    std::optional<std::string> stale_;
    std::optional<std::string> why_direct_;
    bool none_is_told_ = false;
    Reminder direct_, unread_;
};

}  // namespace emeth::node
