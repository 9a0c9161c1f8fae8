#include "simulation/policy/job_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <fstream>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "chain/gas.hpp"
#include "runtime/json_fields.hpp"
#include "simulation/policy/normal.hpp"
#include "statemachine/amount_text.hpp"
#include "trainer_protocol/job_param.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::simulation {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t first_day_unix_s = 20'000 * day_s;
constexpr std::size_t line_bytes_max = trainer_protocol::param_bytes_max * 7;  // each byte may be escaped

/// Whole thousandths of an EMT.
Wei emt(double amount) {
    constexpr std::uint64_t wei_per_thousandth = 1'000'000'000'000'000;
    return chain::to_wei(chain::U256(static_cast<std::uint64_t>(amount * 1'000)) * wei_per_thousandth);
}

StreamedJob make_job(Dice& dice, const StreamShape& shape, std::int64_t at_unix_s) {
    StreamedJob job;
    dice.fill(job.id.bytes);
    dice.fill(job.requester.bytes);
    job.requested_at_unix_s = at_unix_s;
    constexpr double megabyte = 1e6, megabytes_max = 10'000;
    const double megabytes =
        std::min(megabytes_max, log_normal(dice, shape.megabytes_median, shape.megabytes_deviation));
    job.dataset_bytes = std::max(trainer_protocol::dataset_bytes_min, static_cast<std::uint64_t>(megabytes * megabyte));
    const std::uint64_t gas = chain::published_dataset_gas(job.dataset_bytes);
    const double price = log_normal(dice, shape.emt_per_gas_median, shape.emt_per_gas_deviation);
    job.fee = emt(std::clamp(static_cast<double>(gas) * price, shape.emt_min, shape.emt_max));
    constexpr std::uint32_t epochs = 2;
    const auto usual_s =
        static_cast<double>(chain::finish_estimate_s(gas, trainer_protocol::power_capacity_published, epochs));
    const double slack = shape.slack_min + dice.unit() * (shape.slack_max - shape.slack_min);
    job.deadline_unix_s =
        at_unix_s + trainer_protocol::deadline_margin_default_s + static_cast<std::int64_t>(usual_s * slack);
    job.param = dice.chance(shape.japanese_share) ? R"({"language":"ja","epoch":2})" : R"({"language":"en","epoch":2})";
    return job;
}

Result<StreamedJob> read_job(std::string_view line, const std::string& where) {
    const auto parsed = parse_json(line, line_bytes_max, where);
    if (parsed.has_error()) return parsed.error();
    JsonObject fields(*parsed, where);
    StreamedJob job;
    job.id = fields.fixed<JobId>("id");
    job.requester = fields.optional_fixed<Address>("requester").value_or(Address{});
    job.requested_at_unix_s = fields.i64("requestedAt", 0, chain::abi::latest_unix_s);
    job.deadline_unix_s = fields.i64("deadline", 0, chain::abi::latest_unix_s);
    const auto fee = wei_from_decimal(fields.decimal("fee"));
    if (!fee) fields.reject("fee", "an amount of wei");
    job.fee = fee.value_or(Wei{});
    job.dataset_bytes = fields.u64("datasetBytes");
    job.program_id = fields.optional_u64("programId").value_or(0);
    job.param = fields.string("param", trainer_protocol::param_bytes_max);
    if (const auto check = fields.check(); check.has_error()) return check.error();
    return job;
}

}  // namespace

JobStream generate_stream(const StreamShape& shape) {
    Dice dice(shape.seed);
    JobStream stream;
    const double mean_gap_s = static_cast<double>(day_s) / static_cast<double>(shape.jobs_per_day);
    const double end_s = static_cast<double>(shape.days * day_s);
    for (double at_s = 0; stream.size() < stream_jobs_max;) {
        at_s += exponential(dice, mean_gap_s);
        if (at_s >= end_s) break;
        stream.push_back(make_job(dice, shape, first_day_unix_s + static_cast<std::int64_t>(at_s)));
    }
    return stream;
}

std::string to_json_line(const StreamedJob& job) {
    return json_text(boost::json::object{{"id", job.id.hex()},
                                         {"requester", job.requester.hex()},
                                         {"requestedAt", job.requested_at_unix_s},
                                         {"deadline", job.deadline_unix_s},
                                         {"fee", to_decimal(job.fee)},
                                         {"datasetBytes", job.dataset_bytes},
                                         {"programId", job.program_id},
                                         {"param", job.param}});
}

Result<JobStream> read_stream(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) return permanent_error(fmt::format("cannot read {}: name a file of JSON lines", file.string()));
    JobStream stream;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty()) continue;
        const std::string where = fmt::format("{}:{}", file.string(), number);
        if (stream.size() == stream_jobs_max)
            return permanent_error(fmt::format("{}: more than {} JOBs", where, stream_jobs_max));
        auto job = read_job(line, where);
        if (job.has_error()) return job.error();
        stream.push_back(*std::move(job));
    }
    std::ranges::stable_sort(stream, {}, &StreamedJob::requested_at_unix_s);
    return stream;
}

}  // namespace emeth::simulation
