// Whether a JOB can be trained at all. One worker's word is not enough: it may lie, or its machine may be broken. So
// each worker that is fit for the JOB has its say, each under a lease of its own and on a dataset that it fetched for
// it. A dataset that no longer has the size that the deposit was made for is told by the Storage API itself. Kept in
// memory only: after a restart of the master they are asked again. Pure. Io thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/workers/worker_info.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

class Futility {
public:
    /// Under this lease the worker's trainer said that the JOB can never be trained, and why.
    void said(std::uint64_t lease, const Address& worker, std::string reason);
    /// A checkpoint was saved: it can be trained.
    void was_trained() { said_.clear(); }
    /// What the Storage API says of the dataset's size, asked after each failed download; a worker that has the whole
    /// dataset says so as well.
    void saw_dataset_bytes(std::uint64_t now, std::uint64_t recorded);

    /// Why the JOB is hopeless; none while it may yet be trained. `workers`: all that the master knows; `model`: the
    /// JOB's preset; `holder`: of its lease, if it has one, connected or not.
    [[nodiscard]] std::optional<std::string> reason(const std::vector<WorkerInfo>& workers, const std::string& model,
                                                    const std::optional<Address>& holder) const;
    /// Whose word that was.
    [[nodiscard]] std::set<Address> witnesses() const;

private:
    [[nodiscard]] bool has_spoken(const Address& worker) const;

    std::map<std::uint64_t, Address> said_;  ///< by lease
    std::string what_was_said_;
    std::uint32_t other_sizes_seen_ = 0;  ///< in a row
    std::string sizes_;
};

}  // namespace emeth::node
