#include "storage/job_json.hpp"

#include "storage/record_codec.hpp"
#include "storage/record_json.hpp"
#include "storage/records.pb.h"

namespace emeth::storage {

boost::json::object job_json(const statemachine::Job& job) {
    records::Job record;
    record.ParseFromString(encode_job(job));
    return to_json(record);
}

}  // namespace emeth::storage
