// One worker's machine in the simulated network: it fetches, trains and uploads in virtual time, keeps its files, fails
// and dies. It knows nothing of reservations: it does what it is ordered, and reports.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulation/simulated_services.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::simulation {

/// What became of the workers' results, for the checks.
struct Results {
    std::set<std::pair<JobId, Hash256>> honest;  ///< artifacts that were really trained
    std::set<JobId> lost;                        ///< JOBs whose evidence was on a lost disk
};

/// The digest of the evidence that a worker has for this draw.
Hash256 evidence_digest(const JobId& job, const Hash256& block_hash);

class SimulatedWorker {
public:
    /// For its whole life. A sick worker stays connected but fails every order; an idle one says that it works on it; a
    /// denying one calls every JOB hopeless.
    enum class Health { well, sick, idle, denying };

    SimulatedWorker(const Address& address, std::uint64_t power_capacity, Health health, SimulatedStorage& storage,
                    const Weather& weather, Results& results, Dice dice)
        : address_(address),
          power_capacity_(power_capacity),
          health_(health),
          storage_(storage),
          weather_(weather),
          results_(results),
          dice_(dice) {}

    [[nodiscard]] std::uint64_t power_capacity() const { return power_capacity_; }
    void set_health(Health health) { health_ = health; }
    [[nodiscard]] bool is_well() const { return health_ == Health::well; }
    [[nodiscard]] bool is_idle() const { return health_ == Health::idle; }
    /// The leases of the JOBs whose files it still has.
    [[nodiscard]] std::map<JobId, std::uint64_t> held() const;

    /// A second of its work.
    void work();
    /// Its memory is lost, and sometimes its disk.
    void die();

    void order(const worker_protocol::Assign& order);
    void order(worker_protocol::Upload order);
    void order(const worker_protocol::Evidence& order);
    void stop(const worker_protocol::Stop& order);
    void acknowledge(std::uint64_t report) { unacknowledged_.erase(report); }

    /// What it has reported since the last call.
    [[nodiscard]] std::vector<worker_protocol::Report> take_reports() { return std::exchange(new_reports_, {}); }
    /// The durable reports that it repeats when it connects.
    [[nodiscard]] std::vector<worker_protocol::Report> unacknowledged() const;

private:
    struct Files {
        std::uint64_t lease = 0, bytes = 0;  ///< of the last order
        bool dataset = false;
        double step = 0;
        std::uint64_t checkpoint = 0, steps_total = 0;
        std::optional<statemachine::Artifact> artifact;
    };
    enum class Stage { download, train, idle };
    struct Work {
        JobId job;
        std::uint64_t lease = 0;
        Stage stage = Stage::idle;
        double seconds = 0;  ///< in this stage
        std::optional<worker_protocol::Upload> upload{};
    };

    void download(Work& work, Files& files);
    [[nodiscard]] std::optional<std::string> why_hopeless(const JobId& job) const;
    void train(Work& work, Files& files);
    void finish(Work& work, Files& files);
    void upload(Work& work, const Files& files);
    [[nodiscard]] Files* files_under(const JobId& job, std::uint64_t lease);
    void report(const JobId& job, std::uint64_t lease, worker_protocol::ReportBody body);
    void report_failure(const Work& work, std::string step, std::string message, bool needs_order);
    void report_storage_failure(const JobId& job, std::uint64_t lease, std::string step);

    Address address_;
    std::uint64_t power_capacity_;
    Health health_;
    SimulatedStorage& storage_;
    const Weather& weather_;
    Results& results_;
    Dice dice_;
    std::map<JobId, Files> files_;
    std::optional<Work> work_;
    std::uint64_t last_report_ = 0;
    std::map<std::uint64_t, worker_protocol::Report> unacknowledged_;
    std::vector<worker_protocol::Report> new_reports_;
};

}  // namespace emeth::simulation
