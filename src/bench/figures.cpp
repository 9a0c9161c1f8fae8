#include "bench/figures.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "runtime/json_fields.hpp"

namespace emeth::bench {

void print(const std::vector<Figure>& figures, bool json) {
    if (!json) {
        fmt::print("{:<20} {:>14} {:<16} {:>14} {:<28} {:>6}\n", "figure", "value", "unit", "peer's value", "peer",
                   "ratio");
        for (const auto& figure : figures)
            fmt::print("{:<20} {:>14.2f} {:<16} {:>14.2f} {:<28} {:>6.2f}\n", figure.name, figure.value, figure.unit,
                       figure.against_value, figure.against_name, figure.value / figure.against_value);
        return;
    }
    boost::json::array list;
    for (const auto& figure : figures) {
        boost::json::object against{{"name", figure.against_name}, {"value", figure.against_value}};
        list.emplace_back(boost::json::object{{"name", figure.name},
                                              {"value", figure.value},
                                              {"unit", figure.unit},
                                              {"against", std::move(against)},
                                              {"ratio", figure.value / figure.against_value}});
    }
    fmt::print("{}\n", json_text(boost::json::object{{"figures", std::move(list)}}));
}

}  // namespace emeth::bench
