#include "worker/self_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/with_timeout.hpp"
#include "statemachine/text.hpp"
#include "trainer_protocol/trainer_child.hpp"
#include "worker/held_job.hpp"
#include "worker/power_sources.hpp"

namespace emeth::worker {

namespace messages = trainer_protocol;

namespace {

/// Ten seconds of trials, and what a loaded machine makes of them.
constexpr Milliseconds trial_limit{300'000};
constexpr RetryPolicy unfit_retry{Milliseconds(10'000), 2, Milliseconds(600'000), 0.25};
constexpr Milliseconds look_interval{30'000}, try_again_after{3'600'000};
constexpr std::size_t file_bytes_max = 64 << 10;

std::filesystem::path calibration_file(const WorkerSettings& settings) {
    return settings.data / "calibration.json";
}

Result<messages::Calibration> parse_calibration(std::string_view text) {
    const auto json = parse_json(text, file_bytes_max, "calibration.json");
    if (json.has_error()) return json.error();
    JsonObject object(*json, "calibration.json");
    messages::Calibration calibration = messages::read_calibration(object);
    if (const auto check = object.check(); check.has_error()) return check.error();
    return calibration;
}

/// Whether the master would decide otherwise: free space moves all the time.
bool differ(const worker_protocol::Fitness& a, const worker_protocol::Fitness& b) {
    const auto moved = [](std::uint64_t now, std::uint64_t before) {
        return (now > before ? now - before : before - now) > before / 32;
    };
    return a.unfit != b.unfit || a.tokens_per_s != b.tokens_per_s || a.watts != b.watts ||
           moved(a.disk_free_bytes, b.disk_free_bytes) || a.states_free_bytes != b.states_free_bytes;
}

}  // namespace

Task<> SelfTest::run() {
    co_await read_calibration();
    for (bool afresh = false;; afresh = true) {
        co_await become_fit(afresh);
        co_await stay_fit();
    }
}

Task<> SelfTest::become_fit(bool afresh) {
    for (std::uint32_t failures = 1;; ++failures) {
        const Result<void> proved = co_await prove(afresh);
        if (proved.has_value()) {
            complaint_.ended();
            co_return tell_speeds();
        }
        worker_protocol::Fitness unfit;
        unfit.unfit = proved.error().message;
        ports_.reports.set_fitness(std::move(unfit));
        const Milliseconds wait = backoff(failures, unfit_retry, ports_.random.unit());
        complain(proved.error().message, wait);
        co_await ports_.clock.sleep(wait);
    }
}

/// Until it is doubted. The trials in between are there because the first may have been disturbed; where one fails,
/// JOBs show for themselves what does.
Task<> SelfTest::stay_fit() {
    std::optional<worker_protocol::Fitness> told;
    for (; !is_doubted_; co_await ports_.clock.sleep(look_interval)) {
        if (ports_.clock.monotonic() >= tried_at_ + try_again_after && ports_.folders.held().empty())
            co_await prove(true);
        if (!is_saved_) co_await save_calibration();
        worker_protocol::Fitness now = co_await look();
        if (told && !differ(now, *told)) continue;
        ports_.reports.set_fitness(now);
        told = std::move(now);
    }
    is_doubted_ = false;
}

Task<Result<void>> SelfTest::prove(bool afresh) {
    tried_at_ = ports_.clock.monotonic();
    auto known = afresh ? std::nullopt : calibration_;
    PowerMeter power(power_sources(ports_.settings, ports_.settings.data), ports_.pool, ports_.clock);
    Task<Result<messages::Calibration>> trial = ask_trainer(std::move(known));
    Task<Result<messages::Calibration>> measured = power.during(std::move(trial));
    auto calibration = co_await std::move(measured);
    if (calibration.has_error()) co_return calibration.error();
    const bool is_same = calibration_ && calibration_->machine == calibration->machine;
    is_saved_ = is_same && !afresh;
    calibration_ = is_same ? messages::improved(*std::move(calibration_), *calibration) : std::move(*calibration);
    if (!calibration_->watts && power.watts()) {
        calibration_->watts = power.watts();
        is_saved_ = false;
    }
    co_return Result<void>{};
}

void SelfTest::tell_speeds() const {
    std::string speeds;
    for (const auto& [model, speed] : calibration_->training)
        speeds += fmt::format("{}{} {:.0f}{}", speeds.empty() ? "" : ", ", model, speed.tokens_per_s,
                              speed.source == messages::SpeedSource::extrapolated ? " (extrapolated)" : "");
    const std::string draws = calibration_->watts ? fmt::format("; draws {} W", *calibration_->watts) : "";
    spdlog::info("this worker is fit: tokens/s: {}{}; on {}", speeds, draws, calibration_->machine);
}

Task<Result<messages::Calibration>> SelfTest::ask_trainer(std::optional<messages::Calibration> known) {
    const std::filesystem::path log = ports_.settings.data / "self_test.log";
    std::error_code ignored;
    std::filesystem::remove(log, ignored);
    messages::Request request = messages::CalibrateRequest{ports_.settings.compute, std::move(known)};
    Task<Result<messages::TrainerChild>> start =
        messages::TrainerChild::start(ports_.settings.trainer, std::move(request), log);
    auto child = co_await std::move(start);
    if (child.has_error()) co_return child.error();
    for (;;) {
        Task<Result<messages::TrainerReport>> bounded =
            with_timeout(ports_.clock, child->next(), trial_limit, "the trainer's trial");
        const auto report = co_await std::move(bounded);
        if (report.has_error()) co_return report.error();
        if (const auto* failed = std::get_if<messages::Failed>(&*report)) co_return permanent_error(failed->message);
        if (const auto* calibrated = std::get_if<messages::Calibrated>(&*report)) co_return calibrated->calibration;
    }
}

void SelfTest::complain(const std::string& reason, Milliseconds wait) {
    if (!complaint_.is_due(reason)) return;
    spdlog::warn("this worker is not fit and gets no JOB: {}; tried again in {} and then now and then", reason,
                 duration_text(wait.count() / 1'000));
}

void SelfTest::saw_speed(std::string_view model, double tokens_per_s) {
    if (!calibration_) return;
    const messages::Speed seen{tokens_per_s, messages::SpeedSource::seen};
    calibration_->training[std::string(model)] = seen;
    is_saved_ = false;
    spdlog::info("{} was trained at {:.0f} tokens/s", model, tokens_per_s);
}

void SelfTest::saw_power(std::uint64_t watts) {
    if (!calibration_ || calibration_->watts == watts) return;
    calibration_->watts = watts;
    is_saved_ = false;
    spdlog::info("the machine drew {} W while it trained", watts);
}

Task<> SelfTest::read_calibration() {
    auto read = [file = calibration_file(ports_.settings)] { return read_file(file, file_bytes_max); };
    const Result<std::string> text = co_await ports_.pool.run(std::move(read));
    if (text.has_error()) co_return;  // there is none yet
    auto calibration = parse_calibration(*text);
    if (calibration.has_error())
        spdlog::warn("{}; the worker is measured again", calibration.error().message);
    else
        calibration_ = std::move(*calibration);
}

/// What cannot be saved is measured again after the next start, no more.
Task<> SelfTest::save_calibration() {
    is_saved_ = true;
    auto write = [file = calibration_file(ports_.settings), text = json_text(messages::to_json(*calibration_)) + "\n"] {
        return write_file_durably(file, text);
    };
    const Result<void> saved = co_await ports_.pool.run(std::move(write));
    if (saved.has_error()) spdlog::warn("{}", saved.error().message);
}

Task<worker_protocol::Fitness> SelfTest::look() {
    const WorkerSettings& settings = ports_.settings;
    auto measure = [data = settings.data] { return free_bytes(data); };
    const Result<std::uint64_t> free = co_await ports_.pool.run(std::move(measure));
    worker_protocol::Fitness fitness;
    if (free.has_error()) fitness.unfit = free.error().message;
    const std::uint64_t reserve = settings.disk_reserve_bytes;
    fitness.disk_free_bytes = free.has_value() && *free > reserve ? *free - reserve : 0;
    const std::uint64_t kept = ports_.folders.states_kept_bytes(std::nullopt);
    fitness.states_free_bytes = settings.states_bytes_max - std::min(settings.states_bytes_max, kept);
    for (const auto& [model, speed] : calibration_->training) fitness.tokens_per_s[model] = speed.tokens_per_s;
    fitness.watts = calibration_->watts;
    co_return fitness;
}

}  // namespace emeth::worker
