// An RPC endpoint of the simulated chain that may be down, slow or lagging behind, answer with errors, or lose the
// answer to what it did.
#pragma once

#include <optional>

#include "runtime/clock.hpp"
#include "simulation/simulated_chain.hpp"

namespace emeth::simulation {

class SimulatedEndpoint final : public chain::Chain {
public:
    SimulatedEndpoint(SimulatedChain& chain, Clock& clock, const Weather& weather, const Mortality& process, Dice dice)
        : chain_(chain), clock_(clock), weather_(weather), process_(process), dice_(dice) {}

    Task<Result<std::uint64_t>> chain_id() override;
    Task<Result<chain::Block>> latest_block() override;
    Task<Result<std::optional<chain::Block>>> block(std::uint64_t number) override;
    Task<Result<chain::Constants>> constants() override;
    Task<Result<chain::JobRecord>> job(JobId id) override;
    Task<Result<std::optional<JobId>>> job_index(std::uint64_t index) override;
    Task<Result<chain::JobDetails>> job_details(JobId id) override;
    Task<Result<chain::JobAssign>> job_assign(JobId id) override;
    Task<Result<std::vector<chain::StatusLog>>> status_logs(JobId id, std::uint64_t from_block) override;
    Task<Result<std::vector<chain::StatusLog>>> all_status_logs(std::uint64_t from_block,
                                                                std::uint64_t to_block) override;
    Task<Result<chain::Settlement>> settlement(Hash256 hash, Address node) override;
    Task<Result<std::vector<chain::Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<std::uint64_t>> current_slot() override;
    Task<Result<std::uint64_t>> start_slot() override;
    Task<Result<chain::Slot>> slot(std::uint64_t number, Address node) override;
    Task<Result<std::uint64_t>> estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) override;
    Task<Result<Wei>> alt_balance(Address account) override;
    Task<Result<Wei>> emt_balance(Address account) override;
    Task<Result<Wei>> unlogged_emt_gain(Address account, std::uint64_t block) override;
    Task<Result<Wei>> emt_allowance(Address owner, Address spender) override;
    Task<Result<std::uint64_t>> transaction_count(Address account) override;
    Task<Result<Wei>> gas_price() override;
    Task<Result<std::uint64_t>> estimate_gas(Address from, Address to, chain::Bytes data) override;
    Task<Result<std::optional<std::string>>> revert_reason(Address from, Address to, chain::Bytes data) override;
    Task<Result<void>> send_raw(chain::Bytes raw) override;
    Task<Result<std::optional<chain::Receipt>>> receipt(Hash256 transaction) override;

    static constexpr std::uint64_t chain_number = 60'001;
    static constexpr std::uint64_t lag_blocks = 2;

private:
    /// Waits as long as an answer takes; an Error when there will be none.
    Task<std::optional<Error>> ask(const char* method);
    [[nodiscard]] std::uint64_t head() const;
    [[nodiscard]] const Ledger& ledger() const { return chain_.ledger(head()); }
    [[nodiscard]] const ChainJob* find(const JobId& id) const;

    SimulatedChain& chain_;
    Clock& clock_;
    const Weather& weather_;
    const Mortality& process_;
    Dice dice_;
};

}  // namespace emeth::simulation
