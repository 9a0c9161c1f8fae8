#include "cli/status_text.hpp"

#include <fmt/format.h>

#include <map>

#include "statemachine/text.hpp"

namespace emeth::cli {

namespace {

/// Fees and the day's withdrawn reward, EMT; penalties in brackets.
std::string earned_on(const Answer& day) {
    std::string earned = few_decimals(day, "earned");
    if (text_of(day, "penalties") != "0") earned += fmt::format(" (-{})", few_decimals(day, "penalties"));
    return earned;
}

}  // namespace

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
    constexpr std::int64_t silence_s = 10;
    if (number_of(job, "heardSecondsAgo") > silence_s)
        text += fmt::format(", heard {} ago", duration_text(number_of(job, "heardSecondsAgo")));
    return text;
}

std::string margin_of(const Answer& job) {
    if (!job.contains("finishEstimate")) return "-";
    const std::int64_t margin = number_of(job, "secondsLeft") - number_of(job, "finishEstimate");
    return margin < 0 ? "-" + duration_text(-margin) : duration_text(margin);
}

std::string chance_of(const Answer& job) {
    if (!job.contains("chance")) return "-";
    const double chance = real_of(job, "chance");
    if (chance > 0.99) return ">99%";
    return chance < 0.01 ? "<1%" : fmt::format("{:.0f}%", 100 * chance);
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

std::string standing_of(const Answer& server) {
    return is_set(server, "up") ? fmt::format("up, {} ms", number_of(server, "latencyMs"))
                                : "away: " + text_of(server, "trouble");
}

std::string week_text(const Answer& answer) {
    std::string week;
    for (const auto& value : list_of(answer, "days")) {
        const Answer& day = value.as_object();
        week += fmt::format("{}{} {}", week.empty() ? "" : ", ", text_of(day, "day").substr(5), earned_on(day));
    }
    return week.empty() ? "-" : week + " EMT";
}

}  // namespace emeth::cli
