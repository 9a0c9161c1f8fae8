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

namespace emeth::simulation {

class SimulatedStorage final : public api_client::ArtifactStore {
public:
    SimulatedStorage(SimulatedChain& chain, Clock& clock, const Weather& weather, const Mortality& process, Dice dice)
        : chain_(chain), clock_(clock), weather_(weather), process_(process), dice_(dice) {}

    /// Of one dataset alone: until `faulty_until` its size is answered by 500, until `missing_until` by 404.
    struct Dataset {
        std::uint64_t bytes = 0;
        Milliseconds faulty_until{0}, missing_until{0};
    };
    void put_dataset(const std::string& name, Dataset dataset) { datasets_[name] = dataset; }
    [[nodiscard]] bool is_down() const { return weather_.storage_down_until > clock_.monotonic(); }

    /// A worker puts a part by a signed URL. `digest`: of the whole file, or of a damaged one.
    void put_part(const std::string& url, const Hash256& digest);
    /// The digest of the completed file under the name that a submit carries; null when there is none.
    [[nodiscard]] const Hash256* result(const std::string& file_name) const;
    /// The newest evidence of a JOB; none when nothing was shown.
    [[nodiscard]] std::optional<Hash256> evidence(const JobId& job) const;

    Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) override;
    Task<Result<std::string>> dataset_url(JobId job) override;
    Task<Result<api_client::OpenedUpload>> open_upload(JobId job, std::uint64_t bytes, std::string extension) override;
    Task<Result<void>> complete_upload(JobId job, std::string upload_id, std::map<std::uint32_t, std::string> etags,
                                       std::string extension) override;
    Task<Result<std::optional<UploadState>>> upload_state(JobId job, std::string upload_id) override;

private:
    struct Upload {
        JobId job;
        std::string file_name;
        std::uint64_t bytes = 0;
        std::map<std::uint32_t, Hash256> parts;
        std::uint32_t parts_total = 0;
        bool completed = false, aborted = false, shows = false;
    };
    Task<std::optional<Error>> ask(const char* call);
    [[nodiscard]] static Hash256 digest_of(const Upload& upload);

    SimulatedChain& chain_;
    Clock& clock_;
    const Weather& weather_;
    const Mortality& process_;
    Dice dice_;
    std::map<std::string, Dataset> datasets_;
    std::map<std::string, Upload> uploads_;
    std::map<std::string, Hash256> results_;
    std::map<JobId, Hash256> evidence_;
};

class SimulatedInfoServer final : public api_client::InfoServer {
public:
    SimulatedInfoServer(SimulatedChain& chain, Clock& clock, const Weather& weather, const Mortality& process,
                        Dice dice)
        : chain_(chain), clock_(clock), weather_(weather), process_(process), dice_(dice) {}
    Task<Result<std::vector<api_client::JobOffer>>> open_jobs() override;

private:
    SimulatedChain& chain_;
    Clock& clock_;
    const Weather& weather_;
    const Mortality& process_;
    Dice dice_;
};

}  // namespace emeth::simulation
