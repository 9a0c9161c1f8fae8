// What a machine computes with, as `emeth-trainer describe` prints it on one line for `emeth doctor`: it takes as long
// as libtorch takes to load, since nothing is trained.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::trainer_protocol {

struct MachineDescription {
    std::string machine;    ///< as in a Calibration
    std::string blas;       ///< what multiplies matrices: "OpenBLAS 0.3.21 …"; empty: the slow reference BLAS
    std::string precision;  ///< of the presets that are wide enough for bf16 to pay: "bf16" or "float32"
};

/// {"machine", "blas", "precision"}
boost::json::object to_json(const MachineDescription& description);
/// `text`: one such object.
Result<MachineDescription> read_machine_description(std::string_view text);

}  // namespace emeth::trainer_protocol
