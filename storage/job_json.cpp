#include "storage/job_json.hpp"

#include <boost/json/parse.hpp>
#include <string>

#include "storage/json_text.hpp"
#include "storage/record_codec.hpp"
#include "storage/record_json.hpp"
#include "storage/records.pb.h"

namespace emeth::storage {

boost::json::object job_json(const statemachine::Job& job) {
    JsonText text;
    append_fields(text, *records::Job::descriptor(), encode_job(job));
    // Each field follows a comma.
    return boost::json::parse("{" + std::string(text.text().substr(1)) + "}").as_object();
}

}  // namespace emeth::storage
