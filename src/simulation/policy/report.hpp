// How policies fared, for people and for programs.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "simulation/policy/market.hpp"

namespace emeth::simulation {

/// The sum of those of the same name, in the order of their first: of nodes with one priority.
std::vector<MarketOutcome> summed_by_name(const std::vector<MarketOutcome>& outcomes);

std::string table_of(const std::vector<MarketOutcome>& outcomes);
/// [{priority, claimed, racesLost, verified, missed, rejected, fees, rewards, penalties, earned, raceGas, use}]
boost::json::array json_of(const std::vector<MarketOutcome>& outcomes);
/// Two sentences: what nobody took and why, and how long JOBs waited while workers idled. A line each.
std::string text_of(const Standstill& standstill);
/// {jobs, neverTaken, mostly: [{reason, jobs}], waitingWhileIdle, jobsWaiting, workersIdle}: how many JOBs came; how
/// many of them nobody took by their deadlines, and, the most frequent reason first, why nodes with an idle worker
/// refused them; the share of the time in which JOBs were open while workers idled, and how many of each, on average of
/// that time.
boost::json::object json_of(const Standstill& standstill);
/// A plot of what each earned, as SVG.
std::string svg_of(const std::vector<MarketOutcome>& outcomes);
/// A page with the plot, the table and, of a market, where it stood still. `subtitle` is HTML.
std::string html_of(const std::vector<MarketOutcome>& outcomes, const std::string& subtitle,
                    const std::optional<Standstill>& standstill);

}  // namespace emeth::simulation
