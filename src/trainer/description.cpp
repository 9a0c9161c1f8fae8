#include "trainer/description.hpp"

#include <algorithm>

#include "trainer/data/tokenizer.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/machine.hpp"

namespace emeth::trainer {

Result<trainer_protocol::MachineDescription> describe_machine(const trainer_protocol::ComputeOptions& options) {
    const Preset& widest = *std::ranges::max_element(trainer_protocol::presets(), {}, &Preset::width);
    const Result<Compute> compute = resolve_compute(options, widest);
    if (compute.has_error()) return compute.error();
    if (const Result<void> tokenizers = check_sentencepiece(); tokenizers.has_error()) return tokenizers.error();
    return trainer_protocol::MachineDescription{machine_description(options), blas_description(),
                                                std::string(precision_name(compute->precision))};
}

}  // namespace emeth::trainer
