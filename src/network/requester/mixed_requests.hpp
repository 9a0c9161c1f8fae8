// `emeth requester`: asks for one JOB of a mix after the other until its budget is spent. Each is planned durably
// before anything of it is done (network/requester/request_plan.hpp), so that whoever kills the process at any moment
// finds no JOB requested twice, none without its dataset, and the budget kept. Io thread only.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "network/requester/job_mix.hpp"
#include "network/requester/request_plan.hpp"
#include "network/requester/requester.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "storage/outbox.hpp"

namespace emeth::network {

struct MixedRequestsOptions {
    JobMix mix;
    std::filesystem::path texts;       ///< with a folder for each language, or the texts of all of them
    Wei budget;                        ///< of all fees together, EMT wei; a fee that comes back is not spent again
    std::uint64_t jobs_per_hour = 60;  ///< 0: as soon as fewer than open_jobs_max are open
    std::uint64_t open_jobs_max = 10;  ///< JOBs that have not ended; traps, which nobody takes, do not count
};

/// All must outlive it; `chain` is the sender's, `storage` signs with the sender's key.
struct MixedRequestsPorts {
    RequesterPorts network;
    Requester& requester;
    storage::Outbox& outbox;  ///< the sender's
    BlockingPool& pool;
    Clock& clock;
};

class MixedRequests {
public:
    static constexpr Milliseconds poll_interval{2'000};
    /// So many JOBs in a row that contract or Storage API refuse are an Error of the settings.
    static constexpr unsigned drops_in_a_row_max = 5;

    /// Receives each plan as it is now: when it is made and whenever its state has changed.
    using Tell = std::function<void(const RequestPlan&)>;

    /// `datasets` is a folder of its own, for what waits to be uploaded.
    MixedRequests(MixedRequestsPorts ports, MixedRequestsOptions options, PlanBook plans,
                  std::filesystem::path datasets, Tell tell)
        : ports_(ports),
          options_(std::move(options)),
          plans_(std::move(plans)),
          datasets_(std::move(datasets)),
          tell_(std::move(tell)) {}

    /// Returns once the budget does not suffice for the next JOB, with all that were planned on chain. What is away is
    /// waited for.
    Task<Result<void>> run();
    [[nodiscard]] const PlanBook& plans() const { return plans_; }

private:
    /// Datasets whose plan was never written, or is done.
    void remove_orphans();
    /// What a former life of the process has sent may still be mined: wait until nothing more can come of it.
    Task<Result<void>> settle_outbox();
    Task<Result<void>> finish_what_is_planned();
    /// None: the budget is spent.
    Task<Result<std::optional<RequestPlan>>> plan_next();
    Task<Result<std::string>> make_dataset(JobDraft draft);
    /// Until the JOB is on chain, or it is clear that it will never be.
    Task<Result<void>> finish(RequestPlan plan);
    Task<Result<void>> try_to_request(RequestPlan plan);
    Task<Result<std::string>> upload(RequestPlan plan);
    /// Looks at the JOBs that have not ended; takes back what nobody took before its deadline.
    Task<> look_at_open();
    Task<Result<void>> look_at(RequestPlan plan);
    Task<Result<void>> change(RequestPlan plan, PlanState state, std::string outcome);
    [[nodiscard]] bool is_due() const;
    [[nodiscard]] std::filesystem::path dataset_of(const JobId& id) const;

    MixedRequestsPorts ports_;
    MixedRequestsOptions options_;
    PlanBook plans_;
    std::filesystem::path datasets_;
    Tell tell_;
    unsigned drops_in_a_row_ = 0;
};

}  // namespace emeth::network
