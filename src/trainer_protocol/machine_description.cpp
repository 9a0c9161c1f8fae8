#include "trainer_protocol/machine_description.hpp"

#include "runtime/json_fields.hpp"

namespace emeth::trainer_protocol {
namespace {

constexpr std::size_t text_bytes_max = 4'000;

}  // namespace

boost::json::object to_json(const MachineDescription& description) {
    return {{"machine", description.machine}, {"blas", description.blas}, {"precision", description.precision}};
}

Result<MachineDescription> read_machine_description(std::string_view text) {
    constexpr std::string_view what = "emeth-trainer's description";
    const auto json = parse_json(text, 4 * text_bytes_max, what);
    if (json.has_error()) return json.error();
    JsonObject fields(*json, what);
    MachineDescription description;
    description.machine = fields.string("machine", text_bytes_max);
    description.blas = fields.string("blas", text_bytes_max);
    description.precision = fields.string("precision", text_bytes_max);
    if (const auto check = fields.check(); check.has_error()) return check.error();
    return description;
}

}  // namespace emeth::trainer_protocol
