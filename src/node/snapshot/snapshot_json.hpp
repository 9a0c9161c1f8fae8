// The snapshot for machines: what the admin socket answers and --json prints (docs/OPERATIONS.md lists the fields).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "node/snapshot/snapshot.hpp"

namespace emeth::node {

/// Amounts are decimal wei in strings, times unix seconds, durations whole seconds unless a name ends in Ms.
boost::json::object to_json(const Snapshot& snapshot);
/// Its parts.
boost::json::array jobs_json(const Snapshot& snapshot);
boost::json::array workers_json(const Snapshot& snapshot);
/// Of one day; `slot`, if the chain was asked for it.
boost::json::object day_json(const DayOfIncome& day, const std::optional<chain::Slot>& slot);

}  // namespace emeth::node
