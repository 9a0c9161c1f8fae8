#include "trainer/description.hpp"

#include <algorithm>

#include "trainer/data/sentencepiece_library.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/machine.hpp"

namespace emeth::trainer {

Result<trainer_protocol::MachineDescription> describe_machine(const trainer_protocol::ComputeOptions& options) {
    const Preset& widest = *std::ranges::max_element(trainer_protocol::presets(), {}, &Preset::width);
    const Result<Compute> compute = resolve_compute(options, widest);
    if (compute.has_error()) return compute.error();
    if (const auto library = sentencepiece_library(); library.has_error()) return library.error();
    return trainer_protocol::MachineDescription{machine_description(options), blas_description(),
                                                std::string(precision_name(compute->precision))};
}

}  // namespace emeth::trainer
