// emeth status, jobs, workers: what the node is, by its snapshot (node/snapshot).
#include <algorithm>
#include <map>
#include <string>

#include "cli/operator_flags.hpp"
#include "statemachine/text.hpp"

namespace emeth::cli {

namespace {

constexpr const char* status_explanation =
    "Shows the node at a glance: servers, money, workers and JOBs, the most endangered first. A running master "
    "answers\n"
    "at once; without one the JOBs come from the store, as the last master left them, and no server is asked.\n\n"
    "Examples:\n"
    "  emeth status --data ./node\n"
    "  emeth status --config config/master.env --json\n";

constexpr const char* jobs_explanation =
    "Lists the JOBs that this node works on, the most endangered first: from the node itself, whatever the servers "
    "do.\n"
    "`emeth state list` also lists the finished ones, `emeth joblist` what is on offer.\n\n"
    "Examples:\n"
    "  emeth jobs --data ./node\n"
    "  emeth jobs --json\n";

constexpr const char* workers_explanation =
    "Lists the workers that are connected to the running master, or that a JOB waits for.\n\n"
    "Examples:\n"
    "  emeth workers --data ./node\n"
    "  emeth workers --json\n";

std::int64_t number_of(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_number()) return 0;
    constexpr double largest = 9e15;  // what is counted by a worker may be any number
    return static_cast<std::int64_t>(std::clamp(value->to_number<double>(), -largest, largest));
}

double real_of(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

const Answer& object_of(const Answer& object, std::string_view key) {
    static const Answer none;
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_object() ? value->get_object() : none;
}

bool is_set(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

/// "0x12ab34cd…": one column less than the id's first ten digits would need.
std::string short_id(const std::string& hex) {
    return hex.size() > 10 ? hex.substr(0, 10) + "…" : hex;
}

/// Decimal wei → "12.5", cut to two decimals: enough to look at.
std::string few_decimals(const Answer& object, std::string_view key) {
    std::string coins = coins_of(object, key);
    if (const auto point = coins.find('.'); point != std::string::npos) coins.resize(std::min(coins.size(), point + 3));
    return coins;
}

std::string duration_or_dash(const Answer& object, std::string_view key) {
    if (!object.contains(key)) return "-";
    const std::int64_t seconds = number_of(object, key);
    return seconds < 0 ? "-" + duration_text(-seconds) : duration_text(seconds);
}

std::string margin_of(const Answer& job) {
    if (!job.contains("finishEstimate")) return "-";
    const std::int64_t margin = number_of(job, "secondsLeft") - number_of(job, "finishEstimate");
    return margin < 0 ? "-" + duration_text(-margin) : duration_text(margin);
}

/// "training 43%, 1,234 tokens/s".
std::string progress_of(const Answer& job) {
    const Answer& progress = object_of(job, "progress");
    if (progress.empty()) return "";
    std::string text = text_of(progress, "stage");
    if (const std::int64_t total = number_of(progress, "stepsTotal"); total > 0)
        text += fmt::format(" {}%", 100 * number_of(progress, "step") / total);
    if (const double speed = real_of(progress, "tokensPerSecond"); speed > 0)
        text += fmt::format(", {:.0f} tokens/s", speed);
    if (const std::int64_t workers = number_of(progress, "workers"); workers > 1)
        text += fmt::format(" by {} workers", workers);
    return text;
}

/// `indent`: of the first line; the others are as far in. Breaks at spaces, so that no line is wider than a terminal of
/// 80 columns.
void print_wrapped(std::string_view indent, std::string_view text) {
    constexpr std::size_t columns = 79;
    std::string line(indent);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t space = std::min(text.find(' ', at), text.size());
        const std::string_view word = text.substr(at, space - at);
        if (line.size() > indent.size() && line.size() + 1 + word.size() > columns) {
            fmt::print("{}\n", line);
            line.assign(indent.size(), ' ');
        }
        if (line.size() > indent.size()) line += ' ';
        line += word;
        at = space + 1;
    }
    if (line.size() > indent.size()) fmt::print("{}\n", line);
}

void print_jobs(const Answer& answer) {
    const auto& jobs = list_of(answer, "jobs");
    if (jobs.empty()) return fmt::print("no active JOBs\n");
    fmt::print("{:<11}  {:<11} {:>11} {:>11} {:>11} {:>8} {:>8}\n", "JOB", "state", "time left", "estimate", "margin",
               "locked", "risk");
    for (const auto& value : jobs) {
        const Answer& job = value.as_object();
        fmt::print("{}  {:<11} {:>11} {:>11} {:>11} {:>8} {:>8}\n", short_id(text_of(job, "id")), text_of(job, "state"),
                   text_of(job, "state") == "submitted" ? "-" : duration_or_dash(job, "secondsLeft"),
                   duration_or_dash(job, "finishEstimate"), margin_of(job), few_decimals(job, "deposit"),
                   few_decimals(job, "atRisk"));
        if (job.contains("danger")) print_wrapped("    in danger: ", text_of(job, "danger"));
        if (const std::string progress = progress_of(job); !progress.empty()) print_wrapped("    ", progress);
        print_wrapped("    ", text_of(job, "why"));
    }
}

std::string doing_of(const Answer& worker) {
    if (!is_set(worker, "connected") && worker.contains("job"))
        return "not connected; JOB " + short_id(text_of(worker, "job")) + " waits for it";
    if (!is_set(worker, "connected")) return "not connected";
    if (worker.contains("unfit")) return "not fit: " + text_of(worker, "unfit");
    if (worker.contains("restSeconds"))
        return "failed JOBs; no new one for " + duration_or_dash(worker, "restSeconds") + ", its log says why";
    if (worker.contains("job")) return "works on JOB " + short_id(text_of(worker, "job"));
    if (worker.contains("helps")) return "helps with JOB " + short_id(text_of(worker, "helps"));
    return "idle";
}

/// "nano 102,000 tokens/s, d256 2,100".
std::string speeds_of(const Answer& worker) {
    std::string text;
    for (const auto& [model, speed] : object_of(worker, "tokensPerSecond"))
        if (speed.is_number())
            text += fmt::format("{}{} {:.0f}", text.empty() ? "" : ", ", std::string_view(model),
                                speed.to_number<double>());
    return text.empty() ? text : "tokens/s: " + text;
}

void print_workers(const Answer& answer) {
    const auto& workers = list_of(answer, "workers");
    if (workers.empty()) return fmt::print("{}\n", is_set(answer, "master") ? "no workers" : "no master is running");
    for (const auto& value : workers) {
        const Answer& worker = value.as_object();
        fmt::print("{}\n", text_of(worker, "address"));
        print_wrapped("    ", doing_of(worker));
        print_wrapped("    ", speeds_of(worker));
    }
}

void print_servers(const Answer& answer, const Answer& network) {
    if (network.empty() && is_set(answer, "master")) fmt::print("servers      not asked yet\n");
    constexpr std::int64_t fresh_s = 20;
    const std::int64_t age = number_of(answer, "at") - number_of(network, "askedAt");
    if (!network.empty() && age > fresh_s) fmt::print("servers      asked {} ago:\n", duration_text(age));
    for (const auto& value : list_of(network, "servers")) {
        const Answer& server = value.as_object();
        std::string text = is_set(server, "up") ? fmt::format("up, {} ms", number_of(server, "latencyMs"))
                                                : "away: " + text_of(server, "trouble");
        if (text_of(server, "name") == "chain" && network.contains("block"))
            text += fmt::format(
                ", block {}, {} old", text_of(network, "block"),
                duration_text(std::max<std::int64_t>(0, number_of(answer, "at") - number_of(network, "blockTime"))));
        print_wrapped(fmt::format("{:<12} ", text_of(server, "name")), text);
    }
}

/// "2 training, 1 submitted".
std::string counts_by_state(const Answer& answer) {
    std::map<std::string, int> counts;
    for (const auto& job : list_of(answer, "jobs")) ++counts[text_of(job.as_object(), "state")];
    std::string text;
    for (const auto& [state, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
    return text.empty() ? "none" : text;
}

std::string counts_of_workers(const Answer& answer) {
    int connected = 0, fit = 0, at_work = 0;
    for (const auto& value : list_of(answer, "workers")) {
        const Answer& worker = value.as_object();
        connected += is_set(worker, "connected") ? 1 : 0;
        fit += is_set(worker, "connected") && !worker.contains("unfit") ? 1 : 0;
        at_work += is_set(worker, "connected") && worker.contains("job") ? 1 : 0;
    }
    return fmt::format("{} connected, {} fit, {} at work", connected, fit, at_work);
}

void print_status(const Answer& answer) {
    const Answer& network = object_of(answer, "network");
    fmt::print("node         {}\n", text_of(answer, "address"));
    if (!is_set(answer, "master"))
        fmt::print("master       none is running: from the store, as the last one left it\n");
    print_servers(answer, network);
    if (network.contains("emtFree"))
        fmt::print("money        {} EMT and {} ALT free\n", few_decimals(network, "emtFree"),
                   few_decimals(network, "altFree"));
    fmt::print("deposits     {} EMT locked, {} at risk\n", few_decimals(answer, "locked"),
               few_decimals(answer, "atRisk"));
    if (const Answer& today = object_of(network, "today"); !today.empty())
        fmt::print("today        {} of {} gas verified so far are this node's\n", text_of(today, "ownGas"),
                   text_of(today, "totalGas"));
    if (is_set(answer, "master")) fmt::print("workers      {}\n", counts_of_workers(answer));
    fmt::print("JOBs         {}\n", counts_by_state(answer));
    for (const auto& warning : list_of(network, "warnings"))
        if (warning.is_string()) print_wrapped("warning      ", one_line(warning.get_string()));
    if (!list_of(answer, "jobs").empty()) {
        fmt::print("\n");
        print_jobs(answer);
    }
}

void add_view(CLI::App& app, Invocation& invocation, const std::string& name, const char* summary,
              const char* explanation, void (*print)(const Answer&)) {
    auto* command = app.add_subcommand(name, summary);
    command->footer(explanation);
    auto flags = std::make_shared<OperatorFlags>();
    flags->add_to(*command);
    command->callback([flags, &invocation, name, print] {
        invocation.run = [flags, name, print] { return run_operator_command(name, *flags, {}, print); };
    });
}

}  // namespace

void register_status(CLI::App& app, Invocation& invocation) {
    add_view(app, invocation, "status", "servers, money, workers and JOBs of this node", status_explanation,
             print_status);
    add_view(app, invocation, "jobs", "the JOBs that this node works on", jobs_explanation, print_jobs);
    add_view(app, invocation, "workers", "the workers of this node, and what they do", workers_explanation,
             print_workers);
}

}  // namespace emeth::cli
