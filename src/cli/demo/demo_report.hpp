// report.json of `emeth demo`.
#pragma once

#include <string>
#include <vector>

#include "cli/demo/demo_accounts.hpp"
#include "cli/demo/demo_processes.hpp"
#include "harness/job_snapshot.hpp"

namespace emeth::cli {

struct DemoReport {
    std::vector<harness::JobSnapshot> jobs;
    std::vector<Kill> kills;
    Balances before, after;
    Wei reward;
    bool ok = false;
    std::string failure;  ///< why it is not ok
};

/// {"jobs":[{"id","dataset_bytes","fee_wei","deposit_wei","penalty_wei","states":[{"state","at_unix_ms"}],"transactions":[{"kind","hash","block"}],"epoch_losses",
/// "artifact_sha256","restarts"}],"kills":[{"process","at_unix_ms"}],"balances":{"before_wei","after_wei"},"reward_wei","ok"};
/// wei as decimal strings; balances are the node's EMT.
std::string to_json_text(const DemoReport& report);

}  // namespace emeth::cli
