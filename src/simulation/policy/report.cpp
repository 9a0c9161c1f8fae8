#include "simulation/policy/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace emeth::simulation {
namespace {

constexpr double percent = 100;

std::string cells(const MarketOutcome& outcome, std::string_view format_of_cell) {
    std::string text;
    for (const std::string& cell :
         {outcome.name, fmt::format("{}", outcome.claimed), fmt::format("{}", outcome.verified),
          fmt::format("{}", outcome.missed), fmt::format("{}", outcome.rejected), fmt::format("{}", outcome.races_lost),
          fmt::format("{:.1f}", outcome.fees), fmt::format("{:.1f}", outcome.rewards),
          fmt::format("{:.1f}", outcome.penalties), fmt::format("{:.1f}", outcome.earned()),
          fmt::format("{:.1f}%", outcome.use() * percent)})
        text += fmt::format(fmt::runtime(format_of_cell), cell);
    return text;
}

constexpr std::array<std::string_view, 11> headings{"priority", "taken",   "verified",  "missed", "rejected", "lost",
                                                    "fees",     "rewards", "penalties", "earned", "use"};

/// The most frequent first.
std::vector<std::pair<std::string_view, std::uint64_t>> reasons_of(const Standstill& standstill) {
    std::vector<std::pair<std::string_view, std::uint64_t>> reasons;
    for (const auto& [ground, jobs] : standstill.mostly)
        reasons.emplace_back(ground ? node::name(*ground) : "no worker was idle", jobs);
    std::ranges::stable_sort(reasons, std::greater<>(), [](const auto& reason) { return reason.second; });
    return reasons;
}

std::string never_taken_text(const Standstill& standstill) {
    std::string text = fmt::format("{} JOBs came, and {} of them nobody took by their deadlines", standstill.jobs,
                                   standstill.never_taken);
    std::string_view separator = ", mostly for this: ";
    for (const auto& [reason, jobs] : reasons_of(standstill)) {
        text += fmt::format("{}{} ({})", separator, reason, jobs);
        separator = ", ";
    }
    return text;
}

std::string waiting_text(const Standstill& standstill) {
    return fmt::format(
        "JOBs waited while workers idled in {:.1f}% of the time: then, on average, {:.1f} JOBs and "
        "{:.1f} workers",
        standstill.share() * percent, standstill.jobs_waiting, standstill.workers_idle);
}

}  // namespace

std::vector<MarketOutcome> summed_by_name(const std::vector<MarketOutcome>& outcomes) {
    std::vector<MarketOutcome> sums;
    for (const MarketOutcome& outcome : outcomes) {
        const auto known = std::ranges::find(sums, outcome.name, &MarketOutcome::name);
        if (known == sums.end()) {
            sums.push_back(outcome);
            continue;
        }
        known->claimed += outcome.claimed;
        known->races_lost += outcome.races_lost;
        known->verified += outcome.verified;
        known->missed += outcome.missed;
        known->rejected += outcome.rejected;
        known->fees += outcome.fees;
        known->rewards += outcome.rewards;
        known->penalties += outcome.penalties;
        known->race_gas += outcome.race_gas;
        known->busy_s += outcome.busy_s;
        known->worker_s += outcome.worker_s;
    }
    return sums;
}

std::string table_of(const std::vector<MarketOutcome>& outcomes) {
    constexpr std::string_view cell = "{:>15}";
    std::string text;
    for (const std::string_view heading : headings) text += fmt::format(fmt::runtime(cell), heading);
    text += "\n";
    for (const MarketOutcome& outcome : outcomes) text += cells(outcome, cell) + "\n";
    return text;
}

boost::json::array json_of(const std::vector<MarketOutcome>& outcomes) {
    boost::json::array list;
    for (const MarketOutcome& outcome : outcomes)
        list.push_back(boost::json::object{{"priority", outcome.name},
                                           {"claimed", outcome.claimed},
                                           {"racesLost", outcome.races_lost},
                                           {"verified", outcome.verified},
                                           {"missed", outcome.missed},
                                           {"rejected", outcome.rejected},
                                           {"fees", outcome.fees},
                                           {"rewards", outcome.rewards},
                                           {"penalties", outcome.penalties},
                                           {"earned", outcome.earned()},
                                           {"raceGas", outcome.race_gas},
                                           {"use", outcome.use()}});
    return list;
}

std::string text_of(const Standstill& standstill) {
    return fmt::format("{}\n{}\n", never_taken_text(standstill), waiting_text(standstill));
}

boost::json::object json_of(const Standstill& standstill) {
    boost::json::array mostly;
    for (const auto& [reason, jobs] : reasons_of(standstill))
        mostly.push_back(boost::json::object{{"reason", reason}, {"jobs", jobs}});
    return {{"jobs", standstill.jobs},
            {"neverTaken", standstill.never_taken},
            {"mostly", std::move(mostly)},
            {"waitingWhileIdle", standstill.share()},
            {"jobsWaiting", standstill.jobs_waiting},
            {"workersIdle", standstill.workers_idle}};
}

/// Fees and rewards to the right of the axis, penalties to its left.
std::string svg_of(const std::vector<MarketOutcome>& outcomes) {
    constexpr double left = 160, width = 560, row = 34, bar = 20, text_gap = 8;
    double most = 1e-9, least = 0;
    for (const MarketOutcome& outcome : outcomes) {
        most = std::max(most, outcome.fees + outcome.rewards);
        least = std::max(least, outcome.penalties);
    }
    const double scale = width / (most + least);
    const double axis = left + least * scale;
    const double height = row * static_cast<double>(outcomes.size()) + row;
    std::string svg = fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {:.0f} {:.0f}" role="img" font-family="sans-serif" font-size="13">)"
        "\n",
        left + width + left, height);
    const auto rectangle = [&](double x, double y, double wide, std::string_view colour, std::string_view what) {
        svg += fmt::format(
            R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.0f}" fill="{}"><title>{}</title></rect>)"
            "\n",
            x, y, wide, bar, colour, what);
    };
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const MarketOutcome& outcome = outcomes[i];
        const double y = row * static_cast<double>(i) + text_gap;
        svg += fmt::format(R"(<text x="{:.0f}" y="{:.1f}" text-anchor="end">{}</text>)"
                           "\n",
                           left - text_gap, y + bar - 5, outcome.name);
        rectangle(axis, y, outcome.fees * scale, "#4477aa", fmt::format("fees {:.1f} EMT", outcome.fees));
        rectangle(axis + outcome.fees * scale, y, outcome.rewards * scale, "#88ccee",
                  fmt::format("rewards {:.1f} EMT", outcome.rewards));
        rectangle(axis - outcome.penalties * scale, y, outcome.penalties * scale, "#cc6677",
                  fmt::format("penalties {:.1f} EMT", outcome.penalties));
        svg += fmt::format(R"(<text x="{:.1f}" y="{:.1f}">{:.0f} EMT</text>)"
                           "\n",
                           axis + (outcome.fees + outcome.rewards) * scale + text_gap, y + bar - 5, outcome.earned());
    }
    svg += fmt::format(R"(<line x1="{0:.1f}" y1="0" x2="{0:.1f}" y2="{1:.0f}" stroke="#444"/>)"
                       "\n",
                       axis, height - row);
    svg += fmt::format(
        R"(<text x="{:.1f}" y="{:.0f}" fill="#444">fees (dark), slot rewards (light), penalties (left)</text>)"
        "\n</svg>\n",
        axis, height - text_gap);
    return svg;
}

std::string html_of(const std::vector<MarketOutcome>& outcomes, const std::string& subtitle,
                    const std::optional<Standstill>& standstill) {
    std::string rows;
    for (const std::string_view heading : headings) rows += fmt::format("<th>{}</th>", heading);
    rows = "<tr>" + rows + "</tr>\n";
    for (const MarketOutcome& outcome : outcomes) rows += "<tr>" + cells(outcome, "<td>{}</td>") + "</tr>\n";
    const std::string stood = standstill ? fmt::format("<h2>Where it stood still</h2>\n<p>{}.</p>\n<p>{}.</p>\n",
                                                       never_taken_text(*standstill), waiting_text(*standstill))
                                         : "";
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>emeth: what each priority "
        "earns</title>\n"
        "<style>body{{font-family:sans-serif;max-width:60em;margin:2em auto}}table{{border-collapse:collapse}}"
        "td,th{{padding:.2em .8em;text-align:right}}</style></head><body>\n"
        "<h1>What each priority earns</h1>\n<p>{}</p>\n{}<table>\n{}</table>\n{}</body></html>\n",
        subtitle, svg_of(outcomes), rows, stood);
}

}  // namespace emeth::simulation
