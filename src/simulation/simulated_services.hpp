// Storage API and JOB info server of the simulated network, which may be down, slow, out of date, or wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api_client/info_server_client.hpp"
#include "api_client/storage_api_client.hpp"
#include "simulation/simulated_chain.hpp"
#include "simulation/simulated_clock.hpp"

namespace emeth::simulation {

/// The dates of a server's answers, as the clock of the node's process learns of them.
class AnswerDates {
public:
    AnswerDates(SimulatedClock& clock, api_client::ClockOffset::Server server) : clock_(clock), server_(server) {}

    /// Of the process that runs now; null: there is none.
    void serve(api_client::NetworkClock* network_clock) { network_clock_ = network_clock; }
    /// An answer to a request that was sent at that monotonic time.
    void answered(Milliseconds sent) const;
    /// Whether what the process signs now is refused, as the time in it is too far from the server's.
    [[nodiscard]] bool refuses_signature() const;

private:
    SimulatedClock& clock_;
    api_client::ClockOffset::Server server_;
    api_client::NetworkClock* network_clock_ = nullptr;
};

class SimulatedStorage final : public api_client::ArtifactStore {
public:
    SimulatedStorage(SimulatedChain& chain, SimulatedClock& clock, const Weather& weather, const Mortality& process,
                     Dice dice)
        : chain_(chain), clock_(clock), weather_(weather), process_(process), dice_(dice) {}

    /// Of one dataset alone: until `faulty_until` its size is answered by 500, until `missing_until` by 404.
    struct Dataset {
        std::uint64_t bytes = 0;
        Milliseconds faulty_until{0}, missing_until{0};
        bool trains = true;                             ///< otherwise every trainer calls it hopeless
        Milliseconds shrinks_at = Milliseconds::max();  ///< from then on it has a byte less
    };
    void put_dataset(const std::string& name, Dataset dataset) { datasets_[name] = dataset; }
    [[nodiscard]] bool trains(const std::string& dataset) const { return datasets_.at(dataset).trains; }
    [[nodiscard]] std::uint64_t bytes_now(const std::string& dataset) const;
    void leave_out_extensions() { is_published_ = true; }
    /// A server without extensions has MD5 for ETags, by which a worker sees that a part arrived damaged.
    [[nodiscard]] bool is_published() const { return is_published_; }
    AnswerDates& dates() { return dates_; }
    [[nodiscard]] bool is_down() const { return weather_.storage_down_until > clock_.monotonic(); }

    /// A worker puts a part by a signed URL. `digest`: of the whole file, or of a damaged one.
    void put_part(const std::string& url, const Hash256& digest);
    /// The digest of the completed file under the name that a submit carries; null when there is none.
    [[nodiscard]] const Hash256* result(const std::string& file_name) const;
    /// The newest evidence of a JOB; none when nothing was shown.
    [[nodiscard]] std::optional<Hash256> evidence(const JobId& job) const;

    Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) override;
    Task<Result<std::string>> dataset_url(JobId job) override;
    Task<Result<api_client::OpenedUpload>> open_upload(JobId job, statemachine::WorkerFile file, std::string extension,
                                                       std::optional<std::string> upload_id) override;
    Task<Result<void>> complete_upload(JobId job, std::string upload_id, std::map<std::uint32_t, std::string> etags,
                                       std::string extension) override;
    Task<Result<std::optional<UploadState>>> upload_state(JobId job, std::string upload_id) override;
    Task<Result<std::optional<api_client::VerdictReason>>> verdict_reason(JobId job) override;

private:
    struct Upload {
        JobId job;
        std::string file_name;
        std::uint64_t bytes = 0;
        std::map<std::uint32_t, Hash256> parts;
        std::uint32_t parts_total = 0;
        bool completed = false, aborted = false, shows = false;
        std::optional<Hash256> bound_to{};
    };
    Task<std::optional<Error>> ask(const char* call, bool is_signed = true);
    std::string open_anew(const JobId& job, const statemachine::WorkerFile& file, const std::string& extension);
    [[nodiscard]] bool is_open(const std::string& upload_id) const;
    [[nodiscard]] static Hash256 digest_of(const Upload& upload);

    SimulatedChain& chain_;
    SimulatedClock& clock_;
    const Weather& weather_;
    const Mortality& process_;
    Dice dice_;
    bool is_published_ = false;
    AnswerDates dates_{clock_, api_client::ClockOffset::Server::storage_api};
    std::map<std::string, Dataset> datasets_;
    std::map<std::string, Upload> uploads_;
    std::map<std::string, Hash256> results_;
    std::map<JobId, Hash256> evidence_;
};

class SimulatedInfoServer final : public api_client::InfoServer {
public:
    SimulatedInfoServer(SimulatedChain& chain, SimulatedClock& clock, const Weather& weather, const Mortality& process,
                        Dice dice)
        : chain_(chain), clock_(clock), weather_(weather), process_(process), dice_(dice) {}
    Task<Result<std::vector<api_client::JobOffer>>> open_jobs() override;
    AnswerDates& dates() { return dates_; }

private:
    SimulatedChain& chain_;
    SimulatedClock& clock_;
    const Weather& weather_;
    const Mortality& process_;
    Dice dice_;
    AnswerDates dates_{clock_, api_client::ClockOffset::Server::info_server};
};

}  // namespace emeth::simulation
