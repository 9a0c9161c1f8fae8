// emeth state list: which JOBs there are, and why each is where it is.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>

#include <optional>
#include <utility>
#include <vector>

#include "cli/job_filter.hpp"
#include "cli/program.hpp"
#include "cli/state_commands.hpp"
#include "cli/terminal.hpp"
#include "runtime/clock.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utc_text.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/amount_text.hpp"
#include "statemachine/text.hpp"
#include "statemachine/transition.hpp"

namespace emeth::cli {

namespace {

using statemachine::Job;
namespace json = boost::json;

constexpr const char* explanation =
    "Lists JOBs with what each is waiting for; without a filter, those that ended long ago as well. They come in the\n"
    "order of their ids, with --active in that of their deadlines, unless --sort says otherwise.\n\n"
    "Examples:\n"
    "  emeth state list --active                  at work, the next deadline first\n"
    "  emeth state list --state failed,timed_out --since 7d\n"
    "  emeth state list --worker 0x… --sort updated --limit 20\n";

struct ListFlags : StateFlags {
    std::vector<std::string> states;
    std::string worker, since, until, sort;
    bool active = false;
    std::size_t limit = 0;
};

struct Request {
    JobFilter filter;
    JobOrder order = JobOrder::id;
    bool active = false;
    std::size_t limit = 0;  ///< 0: none
};

Result<std::optional<std::int64_t>> moment(const std::string& text) {
    if (text.empty()) return std::optional<std::int64_t>();
    const auto parsed = parse_moment(text, system_clock().unix_ms());
    if (parsed.has_error()) return parsed.error();
    return std::optional(*parsed);
}

Result<Request> read(const ListFlags& flags) {
    Request request;
    request.active = flags.active;
    request.limit = flags.limit;
    for (const std::string& text : flags.states) {
        const auto state = parse_state(text);
        if (state.has_error()) return state.error();
        request.filter.states.push_back(*state);
    }
    if (!flags.worker.empty()) {
        request.filter.worker = Address::parse(flags.worker);
        if (!request.filter.worker)
            return permanent_error("--worker is no address: expected 0x and 40 hex digits, as `emeth workers` shows");
    }
    const auto since = moment(flags.since), until = moment(flags.until);
    if (since.has_error()) return in_context("--since", since.error());
    if (until.has_error()) return in_context("--until", until.error());
    request.filter.since_unix_ms = *since;
    request.filter.until_unix_ms = *until;
    const auto order = parse_order(!flags.sort.empty() ? flags.sort : flags.active ? "deadline" : "id");
    if (order.has_error()) return order.error();
    request.order = *order;
    return request;
}

/// Active JOBs come from their own index, whatever the history holds.
Result<void> for_each_shown(storage::JobStore& jobs, const Request& request,
                            const std::function<bool(const Job&)>& visit) {
    if (!request.active) return jobs.for_each([&](const Job& job) { return !request.filter.shows(job) || visit(job); });
    const auto active = jobs.active();
    if (active.has_error()) return active.error();
    for (const Job& job : *active)
        if (request.filter.shows(job) && !visit(job)) return {};
    return {};
}

std::string time_left(const Job& job, std::int64_t now_unix_ms) {
    if (statemachine::is_end(job.state)) return "-";
    return duration_text(job.terms.deadline_unix_s - now_unix_ms / 1000);
}

void print_header() {
    fmt::print("{:<11}  {:<11}  {:<16}  {:>10}  {:>11}\n", "JOB", "state", "since (UTC)", "fee EMT", "time left");
}

void print_row(const Job& job, std::int64_t now_unix_ms) {
    constexpr std::size_t minute_text = 16, fee_columns = 10;
    fmt::print("{}  {}  {}  {:>10}  {:>11}\n", statemachine::short_hex(job.terms.id),
               padded(statemachine::name(job.state), 11), utc_text(job.entered_at_unix_ms).substr(0, minute_text),
               cut_to(to_tokens(job.terms.fee), fee_columns), time_left(job, now_unix_ms));
    print_wrapped("    ", one_line(statemachine::why(job, now_unix_ms)));
}

void print_json(const Job& job, std::int64_t now_unix_ms) {
    json::object line{{"id", job.terms.id.hex()},
                      {"state", statemachine::name(job.state)},
                      {"entered_at_unix_ms", job.entered_at_unix_ms},
                      {"deadline_unix_s", job.terms.deadline_unix_s},
                      {"fee", to_decimal(job.terms.fee)},
                      {"why", statemachine::why(job, now_unix_ms)}};
    if (job.lease.number > 0) line["worker"] = job.lease.worker.hex();
    fmt::print("{}\n", json_text(line));
}

/// JOBs in another order than that of the store are looked up again: what is kept of each is only its place.
Result<void> print_list(storage::JobStore& jobs, const Request& request, const std::function<void(const Job&)>& print) {
    if (request.order == JobOrder::id) {
        std::size_t shown = 0;
        return for_each_shown(jobs, request, [&](const Job& job) {
            print(job);
            return ++shown != request.limit;
        });
    }
    std::vector<JobPlace> places;
    const auto read = for_each_shown(jobs, request, [&](const Job& job) {
        places.emplace_back(job, request.order);
        return true;
    });
    if (read.has_error()) return read;
    sort_places(places, request.order, request.limit);
    for (const JobPlace& place : places) {
        const auto job = jobs.find(place.id);
        if (job.has_error()) return job.error();
        if (*job) print(**job);
    }
    return {};
}

int list(const ListFlags& flags) {
    const auto request = read(flags);
    if (request.has_error()) return fail("state list", request.error(), exit_usage);
    return inspect_store(flags, [&](storage::NodeStore& store) {
        const auto now = system_clock().unix_ms();
        bool is_first = true;
        const auto printed = print_list(store.jobs(), *request, [&](const Job& job) {
            if (flags.json) return print_json(job, now);
            if (std::exchange(is_first, false)) print_header();
            print_row(job, now);
        });
        if (is_first && !flags.json && printed) fmt::print("no such JOB\n");
        return printed;
    });
}

}  // namespace

void add_state_list(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("list", "JOBs with their states and the reason");
    command->footer(explanation);
    const auto flags = std::make_shared<ListFlags>();
    flags->add_to(*command);
    flags->add_json(*command, "one JSON object a line");
    command->add_option("--state", flags->states, "only JOBs in these states")->delimiter(',')->type_name("STATE,…");
    command->add_flag("--active", flags->active, "only JOBs that have not ended; never slow");
    command->add_option("--worker", flags->worker, "only JOBs last leased to this worker")->type_name("ADDRESS");
    command->add_option("--since", flags->since, "only JOBs that entered their state at or after this time")
        ->type_name("TIME|AGE");
    command->add_option("--until", flags->until, "only JOBs that entered it before this time")->type_name("TIME|AGE");
    command->add_option("--sort", flags->sort, "deadline, fee (highest first), updated (latest first) or id");
    command->add_option("--limit", flags->limit, "at most so many; 0: all")->capture_default_str();
    command->callback([flags, &invocation] { invocation.run = [flags] { return list(*flags); }; });
}

}  // namespace emeth::cli
