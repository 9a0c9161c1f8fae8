#include "soak/soak_report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <utility>

#include "runtime/json_fields.hpp"

namespace emeth::soak {

std::string to_json_text(const SoakReport& report) {
    boost::json::array failures;
    for (const auto& failure : report.failures) failures.emplace_back(failure);
    const boost::json::object object{{"kills", report.kills},
                                     {"verified", report.verified},
                                     {"in_time", report.in_time},
                                     {"penalties", report.penalties},
                                     {"orphans", report.orphans},
                                     {"steps_trained_twice", report.steps_trained_twice},
                                     {"rss_growth_mb", std::round(report.rss_growth_mb * 10) / 10},
                                     {"jobs", report.jobs},
                                     {"minutes", report.minutes},
                                     {"seed", report.seed},
                                     {"restarts", report.restarts},
                                     {"disturbances", report.disturbances},
                                     {"crashes", report.crashes},
                                     {"failures", std::move(failures)}};
    return json_text(object) + "\n";
}

}  // namespace emeth::soak
