#include "network/requester/request_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "chain/amount.hpp"
#include "chain/json_amount.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t plan_bytes_max = 16 << 10;
constexpr std::size_t param_bytes_max = 4 << 10;
constexpr std::size_t outcome_bytes_max = 1 << 10;
constexpr std::string_view what = "the plan of a JOB";
constexpr std::string_view file_prefix = "plan-", file_suffix = ".json";
constexpr std::array states{PlanState::planned, PlanState::requested, PlanState::ended, PlanState::dropped};

bool is_plan(const fs::path& file) {
    const std::string name = file.filename().string();
    return name.starts_with(file_prefix) && name.ends_with(file_suffix);
}

}  // namespace

std::string_view plan_state_name(PlanState state) {
    switch (state) {
        case PlanState::planned:
            return "planned";
        case PlanState::requested:
            return "requested";
        case PlanState::ended:
            return "ended";
        case PlanState::dropped:
            return "dropped";
    }
    return "planned";
}

std::string to_text(const RequestPlan& plan) {
    return json_text(boost::json::object{{"number", plan.number},
                                         {"id", plan.id.hex()},
                                         {"trap", trap_name(plan.trap)},
                                         {"datasetBytes", plan.dataset_bytes},
                                         {"programId", plan.program_id},
                                         {"param", plan.param},
                                         {"fee", chain::format_wei(plan.fee)},
                                         {"deadlineIn", plan.deadline_in_s},
                                         {"plannedAtMs", plan.planned_at_unix_ms},
                                         {"state", plan_state_name(plan.state)},
                                         {"outcome", one_line(plan.outcome, outcome_bytes_max)}});
}

Result<RequestPlan> read_request_plan(std::string_view text) {
    const auto json = parse_json(text, plan_bytes_max, what);
    if (json.has_error()) return json.error();
    JsonObject fields(*json, what);
    RequestPlan plan;
    plan.number = fields.u64("number", 1);
    plan.id = fields.fixed<JobId>("id");
    const std::string trap = fields.string("trap", outcome_bytes_max);
    plan.trap = find_trap(trap).value_or(Trap::none);
    if (trap != trap_name(plan.trap)) fields.reject("trap", "the name of a trap, or none");
    plan.dataset_bytes = fields.u64("datasetBytes");
    plan.program_id = fields.u64("programId");
    plan.param = fields.string("param", param_bytes_max);
    plan.fee = chain::read_wei(fields, "fee");
    plan.deadline_in_s = fields.i64("deadlineIn", 0);
    plan.planned_at_unix_ms = fields.i64("plannedAtMs", 0);
    const std::string state = fields.string("state", outcome_bytes_max);
    const auto* const known = std::ranges::find(states, state, plan_state_name);
    if (known == states.end())
        fields.reject("state", "planned, requested, ended or dropped");
    else
        plan.state = *known;
    plan.outcome = fields.string("outcome", outcome_bytes_max);
    if (const auto checked = fields.check(); checked.has_error()) return checked.error();
    return plan;
}

Result<PlanBook> PlanBook::open(fs::path folder) {
    if (const auto made = create_folder(folder, 0700); made.has_error()) return made.error();
    PlanBook book(std::move(folder));
    std::error_code error;
    for (fs::directory_iterator entry(book.folder_, error), end; !error && entry != end; entry.increment(error)) {
        if (!is_plan(entry->path())) continue;
        const auto text = read_file(entry->path(), plan_bytes_max);
        if (text.has_error()) return text.error();
        auto plan = read_request_plan(*text);
        if (plan.has_error()) return in_context(entry->path().string(), plan.error());
        const std::uint64_t number = plan->number;
        book.plans_[number] = std::move(*plan);
    }
    if (error) return permanent_error(fmt::format("cannot read {}: {}", book.folder_.string(), error.message()));
    return book;
}

Result<void> PlanBook::put(const RequestPlan& plan) {
    const fs::path file = folder_ / fmt::format("{}{}{}", file_prefix, plan.number, file_suffix);
    if (auto written = write_file_durably(file, to_text(plan), 0600); written.has_error()) return written;
    plans_[plan.number] = plan;
    return {};
}

Wei PlanBook::spent() const {
    Wei sum;
    for (const auto& [number, plan] : plans_)
        if (plan.state != PlanState::dropped) sum = chain::saturating_sum(sum, plan.fee);
    return sum;
}

}  // namespace emeth::network
