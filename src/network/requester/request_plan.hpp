// What a requester has decided to ask for, JOB by JOB: durable before anything of it is done, so that a process that
// was killed goes on with the same JOB, under the same id. The contract takes an id once, and the budget is counted by
// these plans. Blocks; one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "network/requester/job_mix.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

enum class PlanState : std::uint8_t {
    planned,    ///< may be uploaded, may be on chain
    requested,  ///< on chain
    ended,      ///< nothing more will happen to it
    dropped,    ///< refused by contract or Storage API: it is not on chain, and never will be
};
std::string_view plan_state_name(PlanState state);

struct RequestPlan {
    std::uint64_t number = 0;  ///< from 1
    JobId id;
    Trap trap = Trap::none;
    std::uint64_t dataset_bytes = 0;
    std::uint64_t program_id = 0;
    std::string param;
    Wei fee;  ///< EMT wei
    std::int64_t deadline_in_s = 0;
    std::int64_t planned_at_unix_ms = 0;
    PlanState state = PlanState::planned;
    std::string outcome;  ///< of an end or a drop, one sentence

    friend bool operator==(const RequestPlan&, const RequestPlan&) = default;
};

std::string to_text(const RequestPlan& plan);
Result<RequestPlan> read_request_plan(std::string_view text);

/// The plans of one requester, each in a file of the folder.
class PlanBook {
public:
    /// Makes the folder if it is absent, and reads what is there. The Error names the file.
    static Result<PlanBook> open(std::filesystem::path folder);

    /// New or changed. Durable when it returns.
    Result<void> put(const RequestPlan& plan);
    [[nodiscard]] const std::map<std::uint64_t, RequestPlan>& plans() const { return plans_; }
    /// The fees of all that is or may be on chain, or was, EMT wei.
    [[nodiscard]] Wei spent() const;

private:
    explicit PlanBook(std::filesystem::path folder) : folder_(std::move(folder)) {}

    std::filesystem::path folder_;
    std::map<std::uint64_t, RequestPlan> plans_;  ///< by number
};

}  // namespace emeth::network
