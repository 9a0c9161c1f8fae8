#include "trainer_protocol/artifact_json.hpp"

#include <boost/json/array.hpp>
#include <cmath>
#include <utility>

#include "trainer_protocol/network_rules.hpp"

namespace emeth::trainer_protocol {
namespace {

constexpr std::uint64_t steps_max = std::uint64_t{1} << 53;

}  // namespace

boost::json::object to_json(const statemachine::Checkpoint& checkpoint) {
    return {{"epoch", checkpoint.epoch},
            {"step", checkpoint.step},
            {"sha256", checkpoint.sha256.hex()},
            {"loss", finite_number(checkpoint.loss)}};
}

statemachine::Checkpoint read_checkpoint(JsonObject& object) {
    statemachine::Checkpoint checkpoint;
    checkpoint.epoch = static_cast<std::uint32_t>(object.u64("epoch", 0, epochs_max));
    checkpoint.step = object.u64("step", 0, steps_max);
    checkpoint.sha256 = object.fixed<Hash256>("sha256");
    checkpoint.loss = object.number("loss");
    return checkpoint;
}

boost::json::object to_json(const statemachine::Artifact& artifact) {
    boost::json::array losses;
    for (const double loss : artifact.epoch_losses) losses.push_back(finite_number(loss));
    return {{"sha256", artifact.sha256.hex()},   {"bytes", artifact.bytes},
            {"epochs", artifact.epochs},         {"steps", artifact.steps},
            {"epoch_losses", std::move(losses)}, {"validation_loss", finite_number(artifact.validation_loss)}};
}

statemachine::Artifact read_artifact(JsonObject& object, std::uint64_t bytes_max) {
    statemachine::Artifact artifact;
    artifact.sha256 = object.fixed<Hash256>("sha256");
    artifact.bytes = object.u64("bytes", 1, bytes_max);
    artifact.epochs = static_cast<std::uint32_t>(object.u64("epochs", 1, epochs_max));
    artifact.steps = object.u64("steps", 1, steps_max);
    for (const boost::json::value& loss : object.array("epoch_losses", epochs_max)) {
        const double value = loss.is_number() ? loss.to_number<double>() : HUGE_VAL;
        if (!std::isfinite(value)) object.reject("epoch_losses", "an array of finite numbers");
        artifact.epoch_losses.push_back(value);
    }
    artifact.validation_loss = object.number("validation_loss");
    return artifact;
}

double finite_number(double number) {
    return std::isfinite(number) ? number : 1e300;
}

}  // namespace emeth::trainer_protocol
