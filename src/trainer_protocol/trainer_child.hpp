// The parent's side of an emeth-trainer child.
#pragma once

#include <filesystem>
#include <memory>

#include "runtime/child_process.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer_protocol {

/// Io thread only. Destroying it kills the child.
class TrainerChild {
public:
    /// Starts `program` (emeth-trainer) with a control socket and sends `request`. Its stdout and stderr are appended
    /// to `log`.
    static Task<Result<TrainerChild>> start(std::filesystem::path program, Request request, std::filesystem::path log);
    TrainerChild(TrainerChild&&) noexcept;
    TrainerChild& operator=(TrainerChild&&) noexcept;
    ~TrainerChild();

    /// The next report. A transient Error when the child ended without a final message; it names the signal or exit
    /// code and the last line of the child's log.
    Task<Result<TrainerReport>> next();
    /// Sends SIGTERM, then SIGKILL after 2 s; waits for the child to exit.
    Task<> stop();
    [[nodiscard]] pid_t pid() const;

private:
    struct Impl;
    explicit TrainerChild(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// emeth-trainer beside the running program, else in PATH.
std::filesystem::path default_trainer_program();

}  // namespace emeth::trainer_protocol
