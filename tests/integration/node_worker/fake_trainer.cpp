// Speaks the trainer's protocol and follows <data>/trainer_script: the first line is "<steps> <artifact bytes> <ms per
// step>", line n+1 says what the n-th start of the program does; later starts train. Asked to help, it notes that and
// waits. Starts are noted in <data>/trainer_starts as "<pid> <first step>".
//
//   train          trains to the end          fail permanent   fails for good
//   die N          kills itself after step N  fail transient   fails for now
//   hang N         hangs after step N         garbage          sends something that is no report
//   exit N         exits with code N at once
//
// Asked what the machine can train, it names every preset, whatever the script says, and knows no device but cpu.
#include <signal.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "crypto/sha256.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/presets.hpp"

namespace {

using namespace emeth;
using namespace emeth::trainer_protocol;

constexpr std::uint64_t steps_per_checkpoint = 2;

void write_all(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t count = ::write(control_descriptor, bytes.data() + sent, bytes.size() - sent);
        if (count <= 0) std::exit(9);  // the parent is gone
        sent += static_cast<std::size_t>(count);
    }
}

std::string read_exactly(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t received = 0; received < size;) {
        const ssize_t count = ::read(control_descriptor, bytes.data() + received, size - received);
        if (count <= 0) std::exit(9);
        received += static_cast<std::size_t>(count);
    }
    return bytes;
}

void send(const TrainerReport& report) {
    const std::string body = boost::json::serialize(to_json(report));
    std::string message;
    for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<char>(body.size() >> shift));
    write_all(message + body);
}

Request read_request() {
    std::size_t length = 0;
    for (const char byte : read_exactly(4)) length = length << 8 | static_cast<unsigned char>(byte);
    return parse_request(boost::json::parse(read_exactly(length))).value();
}

struct Script {
    std::uint64_t steps = 0, artifact_bytes = 0;
    unsigned ms_per_step = 0;
    std::string action = "train";
    std::string argument;
    [[nodiscard]] bool happens_at(const std::string& wanted, std::uint64_t step) const {
        return action == wanted && std::to_string(step) == argument;
    }
};

Script read_script(const std::filesystem::path& data, std::size_t start) {
    Script script;
    std::ifstream file(data / "trainer_script");
    file >> script.steps >> script.artifact_bytes >> script.ms_per_step;
    std::string line;
    for (std::size_t number = 0; std::getline(file, line); ++number)
        if (number == start && !line.empty()) std::istringstream(line) >> script.action >> script.argument;
    return script;
}

std::size_t earlier_starts(const std::filesystem::path& data) {
    std::ifstream file(data / "trainer_starts");
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
}

std::uint64_t checkpoint_step(const TrainRequest& request) {
    std::uint64_t step = 0;
    std::ifstream(request.folder / "checkpoint") >> step;
    return step;
}

Trained write_artifact(const TrainRequest& request, const Script& script) {
    std::string bytes(script.artifact_bytes, '\0');
    for (std::size_t index = 0; index < bytes.size(); ++index)
        bytes[index] = static_cast<char>(index * 31 + index / 1'000);
    std::ofstream(request.folder / "artifact.tar", std::ios::binary) << bytes;
    return {{crypto::sha256(bytes), bytes.size(), request.job.epochs, script.steps, {2.5, 1.5}, 1.75}};
}

void train(const TrainRequest& request, const Script& script) {
    const std::uint64_t first = checkpoint_step(request);
    send(Started{first});
    for (std::uint64_t step = first + 1; step <= script.steps; ++step) {
        ::usleep(script.ms_per_step * 1'000);
        send(Progress{"training", 0, step, script.steps, 2.0, 1'000});
        if (step % steps_per_checkpoint == 0) {
            std::ofstream(request.folder / "checkpoint") << step;
            send(CheckpointSaved{{0, step, Hash256{}, 2.0}});
        }
        if (script.happens_at("die", step)) ::kill(::getpid(), SIGKILL);
        if (script.happens_at("hang", step)) ::sleep(600);
    }
    send(write_artifact(request, script));
}

/// Helps until it is killed; "<folder>/helping" says whom.
[[noreturn]] void help(const HelpRequest& request) {
    send(Prepared{900, 4});
    std::ofstream(request.train.folder / "helping") << request.rendezvous.port;
    for (;;) ::pause();
}

void calibrate(const CalibrateRequest& request) {
    if (request.compute.device != "cpu")
        return send(Failed{true, "device '" + request.compute.device + "' is not available"});
    Calibration calibration{"a fake machine", {}};
    for (const Preset& preset : presets())
        calibration.training[std::string(preset.name)] = {20'000, SpeedSource::tried};
    send(Calibrated{std::move(calibration)});
}

}  // namespace

int main() {
    const Request received = read_request();
    if (const auto* trial = std::get_if<CalibrateRequest>(&received)) {
        calibrate(*trial);
        return 0;
    }
    if (const auto* helped = std::get_if<HelpRequest>(&received)) help(*helped);
    const TrainRequest& request = std::get<TrainRequest>(received);
    const std::filesystem::path data = request.folder.parent_path().parent_path();
    const std::size_t start = earlier_starts(data) + 1;
    std::ofstream(data / "trainer_starts", std::ios::app) << ::getpid() << ' ' << checkpoint_step(request) << '\n';
    const Script script = read_script(data, start);
    if (!(crypto::sha256_of_file(request.folder / "dataset").value() == request.dataset_sha256)) return 4;
    if (script.action == "exit") {
        std::cerr << "the fake trainer was told to exit" << std::endl;
        return std::atoi(script.argument.c_str());
    }
    if (script.action == "garbage") write_all(std::string("\x00\x00\x00\x05hello", 9));
    if (script.action == "fail") {
        send(Failed{script.argument == "permanent", "the dataset holds no text"});
        return 0;
    }
    send(Prepared{900, script.steps});
    train(request, script);
    return 0;
}
