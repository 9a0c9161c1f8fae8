// An emeth-trainer behind a socket, driven without any of the parent's code: its reports are read from the wire.
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
    /// Its output is appended to `log`. `environment` is added to this process's own.
    TrainerProcess(const trainer_protocol::Request& request, const std::filesystem::path& log,
                   const std::map<std::string, std::string>& environment = {});
    TrainerProcess(const TrainerProcess&) = delete;
    TrainerProcess& operator=(const TrainerProcess&) = delete;
    /// Kills the process if it still runs.
    ~TrainerProcess();

    /// Blocks. Returns nothing when the socket has ended.
    std::optional<trainer_protocol::TrainerReport> next();
    void kill();
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Closes the parent's side of the socket.
    void hang_up() { socket_.reset(); }
    /// waitpid's status; fails (-1) after `seconds`.
    int wait(int seconds);

private:
    bool read_exactly(char* out, std::size_t count);

    FileDescriptor socket_;
    pid_t pid_ = -1;
};

std::filesystem::path trainer_program();

/// Runs to the last report. `each` sees every report; when it returns true, the process is killed and none is returned.
std::optional<trainer_protocol::TrainerReport> run_trainer(
    const trainer_protocol::Request& request, const std::filesystem::path& log,
    const std::function<bool(const trainer_protocol::TrainerReport&)>& each = {},
    const std::map<std::string, std::string>& environment = {});

}  // namespace emeth::test
