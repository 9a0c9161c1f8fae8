// What is to be thought of what was seen. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api_client/clock_offset.hpp"
#include "api_client/storage_extensions.hpp"
#include "chain/chain.hpp"
#include "node/doctor/finding.hpp"
#include "node/market/selection.hpp"
#include "trainer_protocol/calibration.hpp"
#include "trainer_protocol/machine_description.hpp"

namespace emeth::node {

/// Rates and verifier's fee against those of Round 3 (docs/PROTOCOL.md), and whether there is a verifier.
Finding judge_contract(const chain::Constants& constants);
/// How old the endpoint's newest block is. `now_unix_ms`: this machine's wall time.
Finding judge_head(const chain::Block& head, std::int64_t now_unix_ms, Milliseconds latency);

/// Whether what the wallet holds is enough for the smallest deposit, and for the gas of one JOB. `view` has the rates,
/// the gas price and the balances. While `deposits_are_locked` it is enough to have had it.
Finding judge_emt(const NodeView& view, const SelectionPolicy& policy, const Address& wallet, bool deposits_are_locked);
Finding judge_alt(const NodeView& view, const Address& wallet, bool deposits_are_locked);
/// The node sets the allowance itself, so that any will do; a cap below every deposit keeps all JOBs out.
Finding judge_allowance(const Wei& allowance, const SelectionPolicy& policy, std::uint64_t deposit_rate);
/// `transaction_count`: as the chain says; `last_nonce`: the highest that the data folder has signed, if any.
Finding judge_wallet_use(const Address& wallet, std::uint64_t transaction_count,
                         std::optional<std::uint64_t> last_nonce);
/// Whether the node's share of days that are over waits to be withdrawn. `closed`: those days, newest first;
/// `chain_now_unix_s`: a master may take a while to withdraw after midnight.
Finding judge_payouts(const std::vector<chain::Slot>& closed, std::int64_t chain_now_unix_s);

/// `measured`: the Storage API has answered. `correction_ms`: what is added to the wall time before it is signed.
Finding judge_clock(const api_client::ClockOffset::Verdict& verdict, std::int64_t correction_ms, bool measured);
Finding judge_extensions(const api_client::StorageExtensions& offered);

/// What stat(2) says of a folder.
struct FolderState {
    bool is_folder = false;
    uid_t owner = 0;
    mode_t mode = 0;  ///< the permissions alone
};
/// A data folder must belong to the `user` who runs the node, and is nobody else's business. `state` none: it does not
/// exist yet, which is as it should be before the first start.
Finding judge_data_folder(const std::filesystem::path& folder, const std::optional<FolderState>& state, uid_t user);

/// Of the machine, or of the control group.
Finding judge_memory(std::uint64_t bytes);
/// `free_bytes` on the file system of `folder`, of which `policy` leaves a reserve.
Finding judge_disk(const std::filesystem::path& folder, std::uint64_t free_bytes, const SelectionPolicy& policy);
/// How many files and connections this user's processes may have open (RLIMIT_NOFILE, soft).
Finding judge_open_files(std::uint64_t limit);

/// What a trainer said of the machine, and the speeds of its trials if there were any.
Finding judge_trainer(const trainer_protocol::MachineDescription& machine,
                      const std::map<std::string, trainer_protocol::Speed>& speeds);
Finding judge_blas(const trainer_protocol::MachineDescription& machine);

/// What systemd knows of a unit of ours.
struct UnitState {
    bool systemd_runs = false;  ///< the machine was started by systemd
    bool installed = false, enabled = false;
    std::string program{};  ///< that ExecStart names; empty: not found
    bool program_exists = false;
};
/// `unit`: "emeth-master.service".
Finding judge_unit(const std::string& unit, const UnitState& state);

}  // namespace emeth::node
