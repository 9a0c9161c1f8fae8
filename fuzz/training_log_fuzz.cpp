// training_log.jsonl: any text is refused, wherever it is cut into pieces, or gives losses that a log, written again,
// gives too.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/property.hpp"
#include "trainer/formats/training_log.hpp"
#include "trainer_protocol/presets.hpp"

namespace {

using namespace emeth::trainer;
using emeth::fuzz::require;

const Preset& preset() {
    static const Preset nano = emeth::trainer_protocol::find_preset("nano").value();
    return nano;
}

Plan four_steps() {
    Plan plan;
    plan.steps_per_epoch = 2;
    plan.steps_total = 4;
    return plan;
}

emeth::Result<std::vector<float>> read(const Plan& plan, std::string_view text, std::size_t piece_bytes) {
    TrainingLogReader reader(preset(), plan);
    for (std::size_t begin = 0; begin < text.size(); begin += piece_bytes)
        if (auto taken = reader.take(text.substr(begin, piece_bytes)); taken.has_error()) return taken.error();
    return reader.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Plan plan = four_steps();
    const std::string_view text = emeth::fuzz::text_of(data, size);
    const auto losses = read(plan, text, text.size() + 1);
    const auto in_pieces = read(plan, text, 7);
    require(losses.has_value() == in_pieces.has_value(), "a log is read the same in pieces");
    if (losses.has_error()) return 0;
    require(*losses == *in_pieces, "the losses are the same in pieces");
    const std::string written = write_training_log(preset(), plan, *losses);
    require(written.size() <= training_log_bytes_max(plan), "a log that is written is within the bounds of reading");
    const auto again = read(plan, written, 11);
    require(again.has_value() && *again == *losses, "losses are the same after they were written again");
    require(epoch_losses(plan, *losses).size() == 2, "each epoch has a mean");
    return 0;
}
