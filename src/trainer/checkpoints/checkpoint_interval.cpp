#include "trainer/checkpoints/checkpoint_interval.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <cmath>
#include <system_error>
#include <utility>

#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"

namespace emeth::trainer {
namespace {

constexpr std::uint64_t file_bytes_max = 1'024;
constexpr std::uint64_t starts_max = 1'000'000;
constexpr std::uint64_t trained_ms_max = 10ULL * 365 * 24 * 3600 * 1000;
constexpr Milliseconds unknown_mean_time{24 * 3600 * 1000};

}  // namespace

Milliseconds checkpoint_interval(Milliseconds cost, Milliseconds mean_time_between_failures) {
    const double optimum =
        std::sqrt(2.0 * static_cast<double>(cost.count()) * static_cast<double>(mean_time_between_failures.count()));
    return std::clamp(Milliseconds(static_cast<std::int64_t>(optimum)), checkpoint_interval_min,
                      checkpoint_interval_max);
}

RunHistory::RunHistory(std::filesystem::path folder) : path_(std::move(folder) / "runs.json") {
    load();
    starts_ = std::min(starts_ + 1, starts_max);
    save();
}

void RunHistory::add_trained(Milliseconds time) {
    trained_ms_ = std::min(trained_ms_ + static_cast<std::uint64_t>(time.count()), trained_ms_max);
    save();
}

Milliseconds RunHistory::mean_time_between_failures() const {
    if (starts_ < 2) return unknown_mean_time;
    return std::min(unknown_mean_time, Milliseconds(trained_ms_ / (starts_ - 1)));
}

void RunHistory::load() {
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored)) return;
    const Result<std::string> text = read_file(path_, file_bytes_max);
    const Result<boost::json::value> json = text ? parse_json(*text, file_bytes_max, path_.string()) : text.error();
    if (json.has_error())
        return spdlog::warn("the history of earlier runs cannot be read and starts anew: {}", json.error().message);
    JsonObject fields(*json, path_.string());
    const std::uint64_t starts = fields.u64("starts", 0, starts_max);
    const std::uint64_t trained_ms = fields.u64("trainedMs", 0, trained_ms_max);
    if (Result<void> check = fields.check(); !check)
        return spdlog::warn("the history of earlier runs cannot be read and starts anew: {}", check.error().message);
    starts_ = starts;
    trained_ms_ = trained_ms;
}

void RunHistory::save() const {
    const boost::json::object fields{{"starts", starts_}, {"trainedMs", trained_ms_}};
    if (Result<void> written = write_file_durably(path_, json_text(fields)); !written)
        spdlog::warn("the history of runs cannot be saved: {}", written.error().message);
}

}  // namespace emeth::trainer
