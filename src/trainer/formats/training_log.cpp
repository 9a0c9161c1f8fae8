#include "trainer/formats/training_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "runtime/json_fields.hpp"
#include "runtime/json_keys.hpp"
#include "trainer/formats/hyperparameters.hpp"

namespace emeth::trainer {
namespace {

/// The longest numbers make lines of 120 bytes.
constexpr std::size_t line_bytes_max = 128;
constexpr double learning_rate_tolerance = 1e-9;
constexpr float loss_max = std::numeric_limits<float>::max();
/// How that is written: a little more, which is read as the same float.
constexpr double written_loss_max = 3.4028235e38;

Result<float> read_line(std::string_view line, const Preset& preset, const Plan& plan, std::uint64_t step) {
    const std::string what = fmt::format("line {} of training_log.jsonl", step + 1);
    const Result<boost::json::value> json = parse_json(line, line_bytes_max, what);
    if (json.has_error()) return json.error();
    if (Result<void> unique = require_unique_keys(line, what); unique.has_error()) return unique.error();
    JsonObject object(*json, what);
    object.u64("step", step + 1, step + 1);
    const std::uint64_t epoch = step / plan.steps_per_epoch + 1;
    object.u64("epoch", epoch, epoch);
    const double expected = learning_rate_at(preset, step, plan.steps_total);
    if (std::abs(object.number("learning_rate") - expected) > learning_rate_tolerance)
        object.reject("learning_rate", fmt::format("{}", expected));
    const double loss = object.number("loss");
    if (loss < 0 || loss > written_loss_max) object.reject("loss", "a float32 that is not negative");
    if (Result<void> check = object.check(); check.has_error()) return check.error();
    return static_cast<float>(std::min<double>(loss, loss_max));
}

}  // namespace

std::string write_training_log(const Preset& preset, const Plan& plan, const std::vector<float>& losses) {
    std::string text;
    for (std::uint64_t step = 0; step < losses.size(); ++step) {
        fmt::format_to(std::back_inserter(text), "{{\"step\":{},\"epoch\":{},\"loss\":{},\"learning_rate\":{}}}\n",
                       step + 1, step / plan.steps_per_epoch + 1, losses[step],
                       learning_rate_at(preset, step, plan.steps_total));
    }
    return text;
}

std::uint64_t training_log_bytes_max(const Plan& plan) {
    return plan.steps_total * line_bytes_max;
}

Result<void> TrainingLogReader::take_line(std::string_view line) {
    if (losses_.size() == plan_.steps_total)
        return permanent_error(
            fmt::format("training_log.jsonl continues after the {} steps of its epochs", plan_.steps_total));
    const Result<float> loss = read_line(line, preset_, plan_, losses_.size());
    if (loss.has_error()) return loss.error();
    losses_.push_back(*loss);
    return {};
}

Result<void> TrainingLogReader::take(std::string_view piece) {
    for (std::size_t end = 0; (end = piece.find('\n')) != std::string_view::npos; piece.remove_prefix(end + 1)) {
        const std::string_view rest = piece.substr(0, end);
        const bool cut = !begun_.empty();
        if (cut) begun_ += rest;
        if (Result<void> taken = take_line(cut ? std::string_view(begun_) : rest); !taken) return taken;
        begun_.clear();
    }
    if (begun_.size() + piece.size() > line_bytes_max)
        return permanent_error(
            fmt::format("line {} of training_log.jsonl has more than {} bytes", losses_.size() + 1, line_bytes_max));
    begun_ += piece;
    return {};
}

Result<std::vector<float>> TrainingLogReader::finish() {
    if (!begun_.empty())
        return permanent_error(fmt::format("line {} of training_log.jsonl has no end", losses_.size() + 1));
    if (losses_.size() < plan_.steps_total)
        return permanent_error(fmt::format("training_log.jsonl has {} steps; dataset and model give {}", losses_.size(),
                                           plan_.steps_total));
    return std::move(losses_);
}

std::vector<double> epoch_losses(const Plan& plan, const std::vector<float>& losses) {
    std::vector<double> means;
    for (std::size_t first = 0; first + plan.steps_per_epoch <= losses.size(); first += plan.steps_per_epoch) {
        const auto begin = losses.begin() + static_cast<std::ptrdiff_t>(first);
        const double sum = std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(plan.steps_per_epoch), 0.0);
        means.push_back(sum / static_cast<double>(plan.steps_per_epoch));
    }
    return means;
}

}  // namespace emeth::trainer
