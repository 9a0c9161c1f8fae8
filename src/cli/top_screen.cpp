#include "cli/top_screen.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/status_text.hpp"
#include "cli/terminal.hpp"
#include "runtime/utf8.hpp"

namespace emeth::cli {

namespace {

/// What a short terminal must still have room for below the JOBs.
constexpr std::size_t workers_shown_max = 4, log_lines_min = 3;

class Screen {
public:
    Screen(std::size_t width, std::size_t height) : width_(width), height_(height) {}

    void add(std::string_view text, Style style = Style::plain) {
        if (room() > 0) lines_.push_back({cut_to(text, width_), style});
    }
    [[nodiscard]] std::size_t room() const { return height_ - 1 - lines_.size(); }
    std::vector<ScreenLine> finish(std::string_view keys) {
        lines_.resize(height_ - 1);
        lines_.push_back({cut_to(keys, width_), Style::faint});
        return std::move(lines_);
    }

private:
    std::size_t width_, height_;
    std::vector<ScreenLine> lines_;
};

void add_head(Screen& screen, const TopView& view) {
    const Answer& status = view.status;
    const Answer& network = object_of(status, "network");
    screen.add(
        fmt::format("emeth {}  {} EMT locked, {} at risk  {} EMT and {} ALT free", short_id(text_of(status, "address")),
                    few_decimals(status, "locked"), few_decimals(status, "atRisk"), few_decimals(network, "emtFree"),
                    few_decimals(network, "altFree")),
        Style::heading);
    std::string servers;
    bool all_up = true;
    for (const auto& value : list_of(network, "servers")) {
        const Answer& server = value.as_object();
        all_up = all_up && is_set(server, "up");
        servers += fmt::format("{}{} {}", servers.empty() ? "" : " | ", text_of(server, "name"), standing_of(server));
    }
    screen.add(servers.empty() ? "servers: not asked yet" : servers, all_up ? Style::plain : Style::danger);
    screen.add("earned  " + week_text(status));
    if (!view.trouble.empty()) screen.add("not fresh: " + view.trouble, Style::danger);
    if (is_set(status, "drained")) screen.add("drained: no new JOB is taken", Style::danger);
    for (const auto& warning : list_of(network, "warnings"))
        if (warning.is_string()) screen.add("warning: " + one_line(warning.get_string()), Style::danger);
}

/// How many JOBs there is room for, below them workers and log.
std::size_t jobs_that_fit(const Screen& screen, std::size_t workers) {
    const std::size_t others = 3 + std::min(workers, workers_shown_max) + log_lines_min;
    return screen.room() > others + 1 ? screen.room() - others : 1;
}

/// What matters most of it.
std::string now_of(const Answer& job) {
    if (job.contains("danger")) return text_of(job, "danger");
    const std::string progress = progress_of(job);
    return progress.empty() ? text_of(job, "why") : progress;
}

void add_jobs(Screen& screen, const TopView& view) {
    const auto& jobs = list_of(view.status, "jobs");
    const std::size_t fit = jobs_that_fit(screen, list_of(view.status, "workers").size());
    const std::size_t first = std::min(view.first_job, jobs.size() > fit ? jobs.size() - fit : 0);
    const std::size_t end = std::min(jobs.size(), first + fit);
    const std::string hidden = jobs.size() > fit ? fmt::format(", {} to {}", first + 1, end) : "";
    screen.add(fmt::format("JOBs: {}{}", jobs.empty() ? "none" : counts_by_state(view.status), hidden), Style::heading);
    for (std::size_t i = first; i < end; ++i) {
        const Answer& job = jobs[i].as_object();
        screen.add(fmt::format("{}  {:<11} {:>10} {:>10} {:>4} {:>5} {}; next: {}", short_id(text_of(job, "id")),
                               text_of(job, "state"), duration_or_dash(job, "secondsLeft"), margin_of(job),
                               chance_of(job), few_decimals(job, "atRisk"), now_of(job), text_of(job, "next")),
                   job.contains("danger") ? Style::danger : Style::plain);
    }
}

void add_workers(Screen& screen, const TopView& view) {
    const auto& workers = list_of(view.status, "workers");
    screen.add("workers: " + counts_of_workers(view.status), Style::heading);
    for (std::size_t i = 0; i < std::min(workers.size(), workers_shown_max); ++i) {
        const Answer& worker = workers[i].as_object();
        screen.add(fmt::format("{}  {}", short_id(text_of(worker, "address")), doing_of(worker)),
                   worker.contains("unfit") ? Style::danger : Style::plain);
    }
    if (workers.size() > workers_shown_max)
        screen.add(fmt::format("and {} more: `emeth workers`", workers.size() - workers_shown_max), Style::faint);
}

void add_log(Screen& screen, const TopView& view) {
    screen.add("log", Style::heading);
    const std::size_t count = std::min(view.log.size(), screen.room());
    for (std::size_t i = view.log.size() - count; i < view.log.size(); ++i) screen.add(view.log[i], Style::faint);
}

}  // namespace

std::vector<ScreenLine> top_screen(const TopView& view, std::size_t width, std::size_t height) {
    Screen screen(std::max<std::size_t>(width, 40), std::max<std::size_t>(height, 10));
    if (view.status.empty()) {
        screen.add(view.trouble.empty() ? "asking the master …" : view.trouble, Style::danger);
        return screen.finish("q: quit");
    }
    if (!view.shows_log) {
        add_head(screen, view);
        add_jobs(screen, view);
        add_workers(screen, view);
    }
    add_log(screen, view);
    return screen.finish(
        "q: quit   up, down: scroll   l: log, or everything   JOBs: time left, margin, "
        "chance, EMT at risk");
}

}  // namespace emeth::cli
