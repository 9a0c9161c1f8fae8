#include "network/verifier/verifier_view.hpp"

#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

namespace emeth::network {
namespace {

std::string_view name(CheckStage stage) {
    switch (stage) {
        case CheckStage::checking:
            return "checking";
        case CheckStage::waiting:
            return "waiting";
        case CheckStage::postponed:
            return "postponed";
    }
    return {};
}

std::string_view name(Decision decision) {
    switch (decision) {
        case Decision::passed:
            return "passed";
        case Decision::rejected:
            return "rejected";
        case Decision::timed_out:
            return "timed_out";
    }
    return {};
}

boost::json::object to_json(const UnjudgedJob& unjudged) {
    boost::json::object json{{"job", unjudged.job.hex()}, {"stage", name(unjudged.stage)}, {"seconds", unjudged.for_s}};
    if (!unjudged.why.empty()) json["why"] = unjudged.why;
    return json;
}

boost::json::object to_json(const GivenVerdict& verdict) {
    boost::json::object json{
        {"job", verdict.job.hex()}, {"verdict", name(verdict.decision)}, {"at", verdict.at_unix_ms / 1'000}};
    if (verdict.decision == Decision::passed) json["gas"] = verdict.gas;
    if (!verdict.reason.empty()) json["reason"] = verdict.reason;
    return json;
}

}  // namespace

boost::json::object to_json(const VerifierView& view) {
    boost::json::array queue, verdicts;
    for (const UnjudgedJob& unjudged : view.unjudged) queue.emplace_back(to_json(unjudged));
    for (const GivenVerdict& verdict : view.verdicts) verdicts.emplace_back(to_json(verdict));
    return {{"checksMax", view.checks_max},
            {"queueTotal", view.unjudged_total},
            {"queue", std::move(queue)},
            {"verdicts", std::move(verdicts)}};
}

}  // namespace emeth::network
