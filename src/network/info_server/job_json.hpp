// A JOB as the JOB info server tells it.
#pragma once

#include <boost/json/object.hpp>

#include "network/info_server/job_index.hpp"

namespace emeth::network {

/// {id, owner, status, programId, datasetPath, param, datasetSize, fee, deadline, node?, deposit?, requestedAt,
/// startedAt?, submittedAt?, verifiedAt?}: amounts as decimal strings of wei, times in unix seconds.
boost::json::object job_json(const IndexedJob& job);

}  // namespace emeth::network
