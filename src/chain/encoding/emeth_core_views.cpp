#include "chain/encoding/emeth_core_views.hpp"

#include <fmt/format.h>

#include "chain/encoding/abi.hpp"

namespace emeth::chain {

Result<JobRecord> decode_job(const JobId& id, std::span<const std::uint8_t> answer) {
    const std::string call = "jobs(" + id.hex() + ")";
    abi::Decoder in(answer, call);
    JobRecord record;
    record.exist = in.boolean("exist");
    const JobId answered = in.job_id("jobId");
    record.owner = in.address("owner");
    record.deadline_unix_s = in.time("deadline");
    record.fee = in.amount("fee");
    const std::uint64_t status = in.number("status");
    record.requested_at_unix_s = in.time("requestedAt");
    if (const Result<void> check = in.check(); check.has_error()) return check.error();
    if (!record.exist) return JobRecord{};
    if (answered != id) return permanent_error(call + " answered another JOB: " + answered.hex());
    const std::optional<JobStatus> known = job_status(status);
    if (!known) return permanent_error(fmt::format("{} answered status {}; known are 0 to 9", call, status));
    record.status = *known;
    return record;
}

Result<JobDetails> decode_job_details(const JobId& id, std::span<const std::uint8_t> answer) {
    abi::Decoder in(answer, "jobDetails(" + id.hex() + ")");
    JobDetails details;
    details.program_id = in.number("programId");
    details.param = in.text("param");
    details.dataset = in.text("dataset");
    details.result = in.text("result");
    if (const Result<void> check = in.check(); check.has_error()) return check.error();
    return details;
}

Result<JobAssign> decode_job_assign(const JobId& id, std::span<const std::uint8_t> answer) {
    abi::Decoder in(answer, "jobAssigns(" + id.hex() + ")");
    JobAssign assign;
    assign.node = in.address("node");
    assign.deposit = in.amount("deposit");
    assign.gas = in.number("gas");
    assign.started_at_unix_s = in.time("startedAt");
    assign.submitted_at_unix_s = in.time("submittedAt");
    assign.verified_at_unix_s = in.time("verifiedAt");
    if (const Result<void> check = in.check(); check.has_error()) return check.error();
    return assign;
}

}  // namespace emeth::chain
