// The room of `emeth doctor`: whether a node can start and earn, before its first start as well as beside a running
// master. Each check is a function that looks at one thing and tells what it found. They change nothing: neither the
// chain nor the disk nor the master's lock is touched. Judgements of what was seen are pure (judgements.hpp), looking
// is apart from them (network_checks.hpp, machine_checks.hpp, node_checks.hpp, trainer_check.hpp).
//
// This header: what a check tells.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"

namespace emeth::node {

enum class Verdict : std::uint8_t {
    ok,
    warning,  ///< a JOB can be done, but something is not as it should be
    problem,  ///< the node does not start, or takes no JOB, until it is mended
};
std::string_view name(Verdict verdict);

struct Finding {
    std::string name;  ///< of what was looked at, always the same: "chain", "EMT"
    Verdict verdict = Verdict::ok;
    std::string text;      ///< what was found
    std::string remedy{};  ///< what to do; empty: nothing, or `text` says it
};

using Findings = std::vector<Finding>;

/// A problem whose text is the error's, which names its remedy.
Finding problem_of(std::string name, const Error& error, std::string remedy = "");

/// `ok` if there are none.
Verdict worst_of(const Findings& findings);

/// {"verdict": the worst one's, "findings": [{"name", "verdict": "ok" | "warning" | "problem", "text", "remedy"?}, …]}
boost::json::object to_json(const Findings& findings);

}  // namespace emeth::node
