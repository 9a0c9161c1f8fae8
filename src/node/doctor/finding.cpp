#include "node/doctor/finding.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

namespace emeth::node {

std::string_view name(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::warning:
            return "warning";
        case Verdict::problem:
            return "problem";
    }
    return "unknown";
}

Finding problem_of(std::string name, const Error& error, std::string remedy) {
    return {std::move(name), Verdict::problem, error.message, std::move(remedy)};
}

Verdict worst_of(const Findings& findings) {
    Verdict worst = Verdict::ok;
    for (const Finding& finding : findings) worst = std::max(worst, finding.verdict);
    return worst;
}

boost::json::object to_json(const Findings& findings) {
    boost::json::array list;
    for (const Finding& finding : findings) {
        boost::json::object entry{{"name", finding.name}, {"verdict", name(finding.verdict)}, {"text", finding.text}};
        if (!finding.remedy.empty()) entry["remedy"] = finding.remedy;
        list.push_back(std::move(entry));
    }
    return {{"verdict", name(worst_of(findings))}, {"findings", std::move(list)}};
}

}  // namespace emeth::node
