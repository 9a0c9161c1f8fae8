// jobDetails.param, which anybody may write on chain: it is refused, or gives a training that a verifier takes and that
// the same param, written again, gives too.
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "runtime/json_fields.hpp"
#include "trainer_protocol/job_param.hpp"
#include "trainer_protocol/presets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace emeth::trainer_protocol;
    using emeth::fuzz::require;
    const std::string_view param = emeth::fuzz::text_of(data, size);
    const auto spec = parse_job_param({}, param, {});
    if (spec.has_error()) return 0;
    require(find_preset(spec->model).has_value(), "a JOB's model is a preset");
    const boost::json::object object{{"language", spec->language}, {"epoch", spec->epochs}, {"model", spec->model}};
    const auto again = parse_job_param({}, emeth::json_text(object), {});
    require(again.has_value() && again->language == spec->language && again->epochs == spec->epochs &&
                again->model == spec->model,
            "a param written again gives the same training");
    return 0;
}
