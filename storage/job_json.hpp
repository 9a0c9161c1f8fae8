// A JOB's record as JSON, as the dump writes it (storage/record_json.hpp).
#pragma once

#include <boost/json/object.hpp>

#include "statemachine/job.hpp"

namespace emeth::storage {

boost::json::object job_json(const statemachine::Job& job);

}  // namespace emeth::storage
