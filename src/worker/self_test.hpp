// A worker proves itself before it counts: its trainer is started and really trains on the device that is set, and how
// fast it does is kept in <data>/calibration.json. The master is told the result, and again whenever the disk, a speed
// seen with a JOB, or another trial of an hour without one has changed it. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/reminder.hpp"
#include "trainer_protocol/calibration.hpp"
#include "worker/job_folders.hpp"
#include "worker/report_queue.hpp"
#include "worker/settings.hpp"

namespace emeth::worker {

class SelfTest {
public:
    /// All of it must outlive the test.
    struct Ports {
        const WorkerSettings& settings;
        const JobFolders& folders;
        ReportQueue& reports;
        BlockingPool& pool;
        Clock& clock;
        Random& random;
    };
    explicit SelfTest(Ports ports) : ports_(ports), complaint_(ports.clock) {}

    /// Tries until the worker is fit, then keeps its fitness up to date, until cancelled.
    Task<> run();
    /// What a JOB was trained with, by this worker alone: truer than any trial.
    void saw_speed(std::string_view model, double tokens_per_s);
    /// What the machine drew while a JOB was trained.
    void saw_power(std::uint64_t watts);
    /// A trainer said that a JOB can never be trained: is it the JOB, or has this machine lost its device?
    void doubt() { is_doubted_ = true; }

private:
    /// `afresh`: what is known proves nothing any more.
    Task<> become_fit(bool afresh);
    Task<> stay_fit();
    Task<Result<void>> prove(bool afresh);
    void tell_speeds() const;
    Task<Result<trainer_protocol::Calibration>> ask_trainer(std::optional<trainer_protocol::Calibration> known);
    Task<> read_calibration();
    Task<> save_calibration();
    void complain(const std::string& reason, Milliseconds wait);
    Task<worker_protocol::Fitness> look();

    Ports ports_;
    std::optional<trainer_protocol::Calibration> calibration_;
    bool is_saved_ = true, is_doubted_ = false;
    Milliseconds tried_at_{0};  ///< monotonic
    Reminder complaint_;
};

}  // namespace emeth::worker
