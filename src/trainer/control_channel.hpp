// The child's end of the control socket: one request in, reports out.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Blocking I/O on the socket; a thread of its own writes the reports. Once the request has been read, the process
/// exits when the socket closes: without its parent, a trainer's work is useless.
class ControlChannel final : public Reporter {
public:
    explicit ControlChannel(int socket);
    ~ControlChannel() override;

    /// To be called once, at the start.
    Result<trainer_protocol::Request> receive();
    void report(trainer_protocol::TrainerReport report) override;
    /// Returns when all reports so far have been written.
    void flush();

private:
    void write_reports();
    void watch_for_end() const;
    bool too_soon(const trainer_protocol::TrainerReport& report);

    int socket_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<trainer_protocol::TrainerReport> waiting_;
    bool writing_ = false;
    bool ending_ = false;
    std::string last_stage_;
    Milliseconds last_progress_{};
    std::thread writer_;
};

}  // namespace emeth::trainer
