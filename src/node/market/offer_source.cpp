#include "node/market/offer_source.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "node/market/refusal_counts.hpp"
#include "runtime/log.hpp"

namespace emeth::node {

namespace {

/// The server's word on a JOB counts: it knows the dataset's size.
void add_missing(std::vector<api_client::JobOffer>& offers, const std::vector<api_client::JobOffer>& more) {
    std::set<JobId> known;
    for (const auto& offer : offers) known.insert(offer.id);
    for (const auto& offer : more)
        if (offers.size() < api_client::InfoServer::offers_max && known.insert(offer.id).second)
            offers.push_back(offer);
}

}  // namespace

Task<Result<std::vector<api_client::JobOffer>>> OfferSource::open_jobs() {
    if (server_ == nullptr) {
        why_direct_ = "no info_server_url is set";
        if (!std::exchange(none_is_told_, true)) spdlog::info("open JOBs are read from the contract: {}", *why_direct_);
        co_return co_await from_contract();
    }
    Result<std::vector<api_client::JobOffer>> listed = co_await server_->open_jobs();
    if (listed.has_value()) {
        auto looking = why_stale(*listed);
        why_direct_ = co_await std::move(looking);
        tell();
        if (why_direct_) add_missing(*listed, contract_.open());
        co_return listed;
    }
    why_direct_ = listed.error().message;
    tell();
    Result<std::vector<api_client::JobOffer>> own = co_await from_contract();
    if (own.has_error()) co_return in_context(listed.error().message + "; nor can the contract be read", own.error());
    co_return own;
}

Task<Result<std::vector<api_client::JobOffer>>> OfferSource::from_contract() {
    const Result<void> updated = co_await contract_.update();
    if (updated.has_error()) co_return updated.error();
    if (!contract_.is_caught_up())
        co_return transient_error(
            fmt::format("the contract's logs are being read, up to block {} so far", contract_.end()));
    co_return contract_.open();
}

/// A server that was found stale is compared each time, so that its return is seen. A contract that cannot be read says
/// nothing against the server.
Task<std::optional<std::string>> OfferSource::why_stale(std::vector<api_client::JobOffer> listed) {
    if (listed.size() >= offers_max) co_return std::nullopt;  // it may know of more than it lists
    const Milliseconds now = clock_.monotonic();
    if (!stale_ && compared_at_ && now - *compared_at_ < compared_every) co_return std::nullopt;
    compared_at_ = now;
    const Result<void> updated = co_await contract_.update(compared_ranges);
    if (updated.has_error() && unread_.is_due("logs"))
        spdlog::warn("whether the JOB info server is stale is not known: {}", updated.error().message);
    if (updated.has_value() && unread_.ended()) spdlog::info("the JOB info server is compared with the contract again");
    if (updated.has_error() || !contract_.is_caught_up()) co_return std::nullopt;
    const std::size_t missing = contract_.missing_from(listed, stale_after_s);
    stale_.reset();
    if (missing > 0)
        stale_ = fmt::format("the JOB info server does not list {} open JOBs that were requested more than {} s ago",
                             missing, stale_after_s);
    co_return stale_;
}

void OfferSource::tell() {
    if (!why_direct_) {
        if (direct_.ended()) spdlog::info("open JOBs are taken from the JOB info server alone again");
    } else if (direct_.is_due(without_numbers(*why_direct_))) {
        spdlog::warn("open JOBs are read from the contract, too: {}", *why_direct_);
    }
}

}  // namespace emeth::node
