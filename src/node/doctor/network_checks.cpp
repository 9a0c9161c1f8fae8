#include "node/doctor/network_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api_client/info_server_client.hpp"
#include "api_client/storage_extensions.hpp"
#include "node/core/node_core.hpp"
#include "node/doctor/judgements.hpp"

namespace emeth::node {
namespace {

/// Copies what was found, or passes the error on.
template <class T>
Task<Result<void>> keep(Task<Result<T>> asking, std::optional<T>& kept) {
    Result<T> answer = co_await std::move(asking);
    if (answer.has_error()) co_return answer.error();
    kept = *std::move(answer);
    co_return Result<void>{};
}

}  // namespace

NetworkExam::NetworkExam(NodeConfig config, std::optional<Address> wallet, Milliseconds exchange_max, Clock& clock)
    : config_(std::move(config)),
      wallet_(wallet),
      exchange_max_(exchange_max),
      clock_(clock),
      rpc_(config_.endpoint, std::min(config_.request_timeout, exchange_max)),
      chain_(rpc_, config_.core, config_.token),
      network_clock_(clock) {}

Task<> NetworkExam::look_at_chain(Findings& findings) {
    const std::string check = "see whether it is up, and check `endpoint`";
    const Result<std::uint64_t> chain_id = co_await chain_.chain_id();
    if (chain_id.has_error()) co_return findings.push_back(problem_of("endpoint", chain_id.error(), check));
    findings.push_back({"endpoint", Verdict::ok, config_.endpoint.url.origin() + " answers"});
    if (const auto right = check_chain_id(config_, *chain_id); right.has_error())
        co_return findings.push_back(problem_of("chain id", right.error()));
    findings.push_back({"chain id", Verdict::ok, std::to_string(*chain_id)});
    const Milliseconds asked = clock_.monotonic();
    const Result<chain::Block> head = co_await chain_.latest_block();
    if (head.has_error()) co_return findings.push_back(problem_of("block", head.error(), check));
    head_ = *head;
    head_seen_ = clock_.monotonic();
    findings.push_back(judge_head(*head, clock_.unix_ms(), head_seen_ - asked));
    const Result<void> contract = co_await look_at_contract(findings);
    if (contract.has_error()) co_return;
    const Result<void> wallet = co_await look_at_wallet();
    if (wallet.has_error()) findings.push_back(problem_of("wallet", wallet.error(), check));
}

Task<Result<void>> NetworkExam::look_at_contract(Findings& findings) {
    const Result<chain::Constants> constants = co_await chain_.constants();
    if (constants.has_error()) {
        findings.push_back(problem_of("contract", constants.error()));
        co_return constants.error();
    }
    constants_ = *constants;
    findings.push_back(judge_contract(*constants));
    co_return Result<void>{};
}

Task<Result<void>> NetworkExam::look_at_wallet() {
    if (!wallet_) co_return Result<void>{};
    std::optional<chain::Fees> fees;
    Task<Result<void>> steps[] = {keep(chain_.alt_balance(*wallet_), seen_.alt),
                                  keep(chain_.emt_balance(*wallet_), seen_.emt),
                                  keep(chain_.emt_allowance(*wallet_, config_.core), seen_.allowance),
                                  keep(chain_.transaction_count(*wallet_), seen_.transactions),
                                  keep(chain_.fees(), fees),
                                  keep(closed_slots(), seen_.closed_slots)};
    for (Task<Result<void>>& step : steps) {
        const Result<void> done = co_await std::move(step);
        if (done.has_error()) co_return done;
    }
    seen_.gas_price = fees->max_fee_per_gas;
    co_return Result<void>{};
}

/// The last week's, newest first, as far as the contract goes back. head_ is known.
Task<Result<std::vector<chain::Slot>>> NetworkExam::closed_slots() {
    constexpr std::uint64_t days = 7;
    const Result<std::uint64_t> start = co_await chain_.start_slot();
    if (start.has_error()) co_return start.error();
    const auto open = static_cast<std::uint64_t>(head_->timestamp_unix_s / chain::slot_seconds);
    std::vector<chain::Slot> closed;
    for (std::uint64_t back = 1; back <= days && back <= open && open - back >= *start; ++back) {
        const Result<chain::Slot> slot = co_await chain_.slot(open - back, *wallet_);
        if (slot.has_error()) co_return slot.error();
        closed.push_back(*slot);
    }
    co_return closed;
}

Task<> NetworkExam::look_at_info_server(Findings& findings) {
    if (!config_.has_info_server()) {
        findings.push_back({"info server", Verdict::ok, "none: open JOBs are read from the contract"});
        co_return;
    }
    api_client::InfoServerClient client(config_.info_server, &network_clock_);
    const Milliseconds asked = clock_.monotonic();
    const auto jobs = co_await client.open_jobs();
    if (jobs.has_error())
        co_return findings.push_back(
            problem_of("info server", jobs.error(), "see whether it is up, and check `info_server_url`"));
    findings.push_back({"info server", Verdict::ok,
                        fmt::format("{} answers in {} ms: {} open JOBs", config_.info_server.origin(),
                                    (clock_.monotonic() - asked).count(), jobs->size())});
}

Task<> NetworkExam::look_at_storage(Findings& findings) {
    auto asking = api_client::storage_extensions(config_.storage_api, &network_clock_, exchange_max_);
    const auto offered = co_await std::move(asking);
    if (offered.has_error())
        co_return findings.push_back(
            problem_of("storage", offered.error(), "see whether it is up, and check `storageApi`"));
    storage_answered_ = true;
    findings.push_back({"storage", Verdict::ok,
                        fmt::format("{} answers in {} ms", config_.storage_api.origin(), offered->latency.count())});
    findings.push_back(judge_extensions(*offered));
}

Findings NetworkExam::judge_wallet(bool deposits_are_locked, std::optional<std::uint64_t> last_nonce) const {
    if (!wallet_ || !constants_ || !seen_.gas_price || !seen_.closed_slots) return {};
    NodeView view;
    view.constants = *constants_;
    view.emt_free = *seen_.emt;
    view.alt_free = *seen_.alt;
    view.gas_price = *seen_.gas_price;
    return {judge_emt(view, config_.selection, *wallet_, deposits_are_locked),
            judge_alt(view, *wallet_, deposits_are_locked),
            judge_allowance(*seen_.allowance, config_.selection, constants_->deposit_rate),
            judge_wallet_use(*wallet_, *seen_.transactions, last_nonce),
            judge_payouts(*seen_.closed_slots, head_->timestamp_unix_s)};
}

Finding NetworkExam::judge_time() const {
    const std::int64_t since_s = (clock_.monotonic() - head_seen_).count() / 1'000;
    const std::int64_t chain_s = head_ ? head_->timestamp_unix_s + since_s : 0;
    return judge_clock(network_clock_.judge(chain_s), network_clock_.unix_ms() - clock_.unix_ms(), storage_answered_);
}

}  // namespace emeth::node
