#include "storage/job_json.hpp"

#include <string>

#include "runtime/exact_json.hpp"
#include "runtime/json_fields.hpp"
#include "storage/json_text.hpp"
#include "storage/record_codec.hpp"
#include "storage/record_json.hpp"
#include "storage/records.pb.h"

namespace emeth::storage {

boost::json::object job_json(const statemachine::Job& job) {
    JsonText text;
    append_fields(text, *records::Job::descriptor(), encode_job(job));
    // Each field follows a comma.
    boost::system::error_code error;
    return parse_exactly("{" + std::string(text.text().substr(1)) + "}", json_depth_max, error).as_object();
}

}  // namespace emeth::storage
