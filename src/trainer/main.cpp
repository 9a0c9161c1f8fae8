// emeth-trainer: trains one JOB or checks one artifact for the process that started it (trainer_protocol/messages.hpp).
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/folder_lock.hpp"
#include "runtime/log.hpp"
#include "trainer/benchmark.hpp"
#include "trainer/check_artifact.hpp"
#include "trainer/control_channel.hpp"
#include "trainer/train_job.hpp"
#include "trainer_protocol/messages.hpp"

namespace {

using namespace emeth;
using trainer_protocol::Report;

constexpr std::string_view usage =
    "emeth-trainer is not run by hand: 'emeth worker' and 'emeth verifier' start it and talk to it over a socket.\n"
    "It trains one JOB with libtorch, or checks the artifact of one, and exits.\n"
    "'emeth-trainer benchmark' measures this machine.\n";

constexpr std::size_t message_text_bytes_max = 4'000;

bool has_control_socket() {
    struct stat status {};
    return ::fstat(trainer_protocol::control_descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

template <class T>
Report outcome(Result<T> result) {
    if (result) return *std::move(result);
    spdlog::error("{}", result.error().message);
    return trainer_protocol::Failed{.permanent = result.error().kind == ErrorKind::permanent,
                                    .message = result.error().message.substr(0, message_text_bytes_max)};
}

/// What is served: one request, in its folder, alone.
struct Server {
    trainer::ControlChannel& channel;

    Report operator()(const trainer_protocol::TrainRequest& request) const {
        const Result<FolderLock> lock = FolderLock::acquire(request.folder);
        if (!lock) return outcome<trainer_protocol::Trained>(lock.error());
        spdlog::info("training JOB {} in {}", request.job.id.hex(), request.folder.string());
        return outcome(trainer::train_job(request, channel));
    }
    Report operator()(const trainer_protocol::CheckRequest& request) const {
        const Result<FolderLock> lock = FolderLock::acquire(request.folder);
        if (!lock) return outcome<trainer_protocol::Checked>(lock.error());
        spdlog::info("checking {} for JOB {}", request.artifact.string(), request.job.id.hex());
        return outcome(trainer::check_artifact(request, channel));
    }
};

Report serve(trainer::ControlChannel& channel) {
    try {
        const Result<trainer_protocol::Request> request = channel.receive();
        if (!request) return outcome<trainer_protocol::Trained>(request.error());
        return std::visit(Server{channel}, *request);
    } catch (const std::exception& exception) {
        return outcome<trainer_protocol::Trained>(
            transient_error(fmt::format("emeth-trainer failed: {}", exception.what())));
    }
}

/// emeth-trainer benchmark --model d256 …: for `emeth bench training`.
int benchmark(int argc, char** argv) {
    CLI::App options{"Measures training on random tokens; prints one line of JSON.", "emeth-trainer benchmark"};
    std::string model = "nano";
    trainer_protocol::ComputeOptions compute;
    std::uint64_t steps = 10;
    std::uint32_t sequences = 0;
    options.add_option("--model", model, "preset")->capture_default_str();
    options.add_option("--threads", compute.threads)->check(CLI::Range(1, 1024))->capture_default_str();
    options.add_option("--precision", compute.precision)->check(CLI::IsMember({"auto", "bf16", "float32"}));
    options.add_option("--micro-batch", compute.micro_batch, "sequences; 0: the preset's")->capture_default_str();
    options.add_option("--steps", steps, "measured, after two to warm up")->check(CLI::Range(1, 1'000'000));
    options.add_option("--sequences", sequences, "of a step; 0: the preset's")->check(CLI::Range(0, 4'096));
    CLI11_PARSE(options, argc, argv);
    const Result<std::string> figures = trainer::run_benchmark(model, compute, steps, sequences);
    fmt::print(figures ? stdout : stderr, "{}\n", figures ? *figures : figures.error().message);
    return figures ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (command == "benchmark") return benchmark(argc - 1, argv + 1);
    const bool help = command == "--help" || command == "-h";
    if (!command.empty() || !has_control_socket()) {
        fmt::print(help ? stdout : stderr, "{}", usage);
        return help ? 0 : 2;
    }
    init_logging("emeth-trainer", "info");
    trainer::ControlChannel channel(trainer_protocol::control_descriptor);
    channel.report(serve(channel));
    channel.flush();
    // Not exit(): the watching thread stands in recv(), and the destructors of 288 shared libraries have nothing to do.
    ::_exit(0);
}
