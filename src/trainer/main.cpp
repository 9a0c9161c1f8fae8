// emeth-trainer: trains one JOB, checks one artifact or measures this machine, for the process that started it
// (trainer_protocol/messages.hpp).
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/folder_lock.hpp"
#include "runtime/log.hpp"
#include "runtime/shutdown.hpp"
#include "runtime/utf8.hpp"
#include "trainer/calibration.hpp"
#include "trainer/command_line.hpp"
#include "trainer/control_channel.hpp"
#include "trainer/help_job.hpp"
#include "trainer/train_job.hpp"
#include "trainer/verification/check_artifact.hpp"
#include "trainer_protocol/messages.hpp"

namespace {

using namespace emeth;
using trainer_protocol::TrainerReport;

constexpr std::string_view usage =
    "emeth-trainer is not run by hand: 'emeth worker' and 'emeth verifier' start it and talk to it over a socket.\n"
    "It trains one JOB with libtorch, checks the artifact of one or measures the machine, and exits.\n"
    "'emeth generate', 'emeth doctor' and 'emeth bench' start its other commands: generate, describe, benchmark,\n"
    "benchmark-tokens.\n";

constexpr std::size_t message_text_bytes_max = 4'000;

bool has_control_socket() {
    struct stat status{};
    return ::fstat(trainer_protocol::control_descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

trainer_protocol::Failed failed(const Error& error, bool permanent) {
    spdlog::error("{}", error.message);
    return {.permanent = permanent, .message = one_line(error.message, message_text_bytes_max)};
}

template <class T>
TrainerReport last_report(Result<T> result) {
    if (result) return *std::move(result);
    return failed(result.error(), result.error().kind == ErrorKind::permanent);
}

/// A JOB costs its deposit where it is given up, so a machine that lacks a device, a module or a right is not taken for
/// a dataset that cannot be trained.
TrainerReport last_report_of_job(Result<trainer_protocol::Trained> trained) {
    if (trained) return *std::move(trained);
    return failed(trained.error(), trained.error().fault == Fault::input);
}

/// Serves one request, as the only process in its folder.
struct Server {
    trainer::ControlChannel& channel;

    TrainerReport operator()(const trainer_protocol::TrainRequest& request) const {
        const Result<FolderLock> lock = FolderLock::acquire(request.folder);
        if (lock.has_error()) return last_report_of_job(lock.error());
        spdlog::info("training JOB {} in {}", request.job.id.hex(), request.folder.string());
        return last_report_of_job(trainer::train_job(request, channel));
    }
    TrainerReport operator()(const trainer_protocol::HelpRequest& request) const {
        const trainer_protocol::TrainRequest& work = request.train;
        const Result<FolderLock> lock = FolderLock::acquire(work.folder);
        if (lock.has_error()) return last_report<trainer_protocol::Helped>(lock.error());
        spdlog::info("helping with JOB {} in {}", work.job.id.hex(), work.folder.string());
        return last_report(trainer::help_job(request, channel));
    }
    TrainerReport operator()(const trainer_protocol::CheckRequest& request) const {
        const Result<FolderLock> lock = FolderLock::acquire(request.folder);
        if (lock.has_error()) return last_report<trainer_protocol::Checked>(lock.error());
        spdlog::info("checking {} for JOB {}", request.artifact.string(), request.job.id.hex());
        return last_report(trainer::check_artifact(request, channel));
    }
    TrainerReport operator()(const trainer_protocol::CalibrateRequest& request) const {
        return last_report(trainer::calibrate(request, channel));
    }
};

TrainerReport serve(trainer::ControlChannel& channel) {
    try {
        const Result<trainer_protocol::Request> request = channel.receive();
        if (request.has_error()) return last_report<trainer_protocol::Trained>(request.error());
        return std::visit(Server{channel}, *request);
    } catch (const std::exception& exception) {
        return last_report<trainer_protocol::Trained>(
            transient_error(fmt::format("emeth-trainer failed: {}", exception.what())));
    }
}

}  // namespace

int main(int argc, char** argv) {
    // Before there are threads: cuBLAS gives the same bits each time with workspaces of a fixed size only.
    ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 1);
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (const auto run = trainer::find_command(command)) return run(argc - 1, argv + 1);
    const bool help = command == "--help" || command == "-h";
    if (!command.empty() || !has_control_socket()) {
        fmt::print(help ? stdout : stderr, "{}", usage);
        return help ? 0 : 2;
    }
    init_logging("emeth-trainer", "info");
    ignore_sigpipe();  // Gloo may write to a process that is gone
    trainer::ControlChannel channel(trainer_protocol::control_descriptor);
    channel.report(serve(channel));
    channel.flush();
    // Not exit(): a thread is blocked in recv(), and the destructors of 288 shared libraries are not needed.
    ::_exit(0);
}
