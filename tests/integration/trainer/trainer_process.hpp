// An emeth-trainer at the end of a socket, driven without any of the parent's code: what it says is read off the wire.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/file_descriptor.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::test {

class TrainerProcess {
public:
    /// Its output is appended to `log`. `environment` comes on top of this process' own.
    TrainerProcess(const trainer_protocol::Request& request, const std::filesystem::path& log,
                   const std::map<std::string, std::string>& environment = {});
    TrainerProcess(const TrainerProcess&) = delete;
    TrainerProcess& operator=(const TrainerProcess&) = delete;
    /// Kills it if it still runs.
    ~TrainerProcess();

    /// Blocks. Nothing when the socket ended.
    std::optional<trainer_protocol::Report> next();
    void kill();
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Ends the parent's side of the socket.
    void hang_up() { socket_.reset(); }
    /// waitpid's status; fails (-1) after `seconds`.
    int wait(int seconds);

private:
    bool read_exactly(char* out, std::size_t count);

    FileDescriptor socket_;
    pid_t pid_ = -1;
};

std::filesystem::path trainer_program();

/// Runs to the last report; `each` sees every report and returns true to have the process killed there (then: nothing).
std::optional<trainer_protocol::Report> run_trainer(
    const trainer_protocol::Request& request, const std::filesystem::path& log,
    const std::function<bool(const trainer_protocol::Report&)>& each = {},
    const std::map<std::string, std::string>& environment = {});

}  // namespace emeth::test
