// How policies fared, for people and for programs.
#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <vector>

#include "simulation/policy/market.hpp"

namespace emeth::simulation {

/// The sum of those of the same name, in the order of their first: of nodes with one priority.
std::vector<MarketOutcome> summed_by_name(const std::vector<MarketOutcome>& outcomes);

std::string table_of(const std::vector<MarketOutcome>& outcomes);
/// [{priority, claimed, racesLost, verified, missed, rejected, fees, rewards, penalties, earned, raceGas, use}]
boost::json::array json_of(const std::vector<MarketOutcome>& outcomes);
/// A plot of what each earned, as SVG.
std::string svg_of(const std::vector<MarketOutcome>& outcomes);
/// A page with the plot and the table. `subtitle` is HTML.
std::string html_of(const std::vector<MarketOutcome>& outcomes, const std::string& subtitle);

}  // namespace emeth::simulation
