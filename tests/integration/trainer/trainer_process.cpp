#include "integration/trainer/trainer_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <variant>

namespace emeth::test {
namespace {

using trainer_protocol::TrainerReport;

[[noreturn]] void become_trainer(int socket, const std::filesystem::path& program, const std::filesystem::path& log,
                                 const std::map<std::string, std::string>& environment) {
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::dup2(socket, trainer_protocol::control_descriptor);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execl(program.c_str(), program.c_str(), nullptr);
    ::_exit(127);
}

void send_message(int socket, const std::string& body) {
    std::string message;
    for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<char>(body.size() >> shift));
    message += body;
    if (::send(socket, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size()))
        throw std::runtime_error("the request could not be sent");
}

bool is_last(const TrainerReport& report) {
    return std::holds_alternative<trainer_protocol::Trained>(report) ||
           std::holds_alternative<trainer_protocol::Checked>(report) ||
           std::holds_alternative<trainer_protocol::Helped>(report) ||
           std::holds_alternative<trainer_protocol::Calibrated>(report) ||
           std::holds_alternative<trainer_protocol::Failed>(report);
}

}  // namespace

std::filesystem::path trainer_program() {
    const char* folder = std::getenv("EMETH_BIN_DIR");
    if (folder == nullptr) throw std::runtime_error("EMETH_BIN_DIR is not set; run the tests with ctest");
    return std::filesystem::path(folder) / "emeth-trainer";
}

TrainerProcess::TrainerProcess(const trainer_protocol::Request& request, const std::filesystem::path& log,
                               const std::map<std::string, std::string>& environment) {
    const std::filesystem::path program = trainer_program();
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        throw std::runtime_error("socketpair failed");
    // Descriptor 3 itself may be free here; in the child it must not be the one that dup2 closes.
    const int far_end = ::fcntl(sockets[1], F_DUPFD_CLOEXEC, 10);
    ::close(sockets[1]);
    socket_.reset(sockets[0]);
    pid_ = ::fork();
    if (pid_ == 0) become_trainer(far_end, program, log, environment);
    ::close(far_end);
    send_message(socket_.get(), boost::json::serialize(trainer_protocol::to_json(request)));
}

TrainerProcess::~TrainerProcess() {
    if (pid_ > 0) kill();
}

bool TrainerProcess::read_exactly(char* out, std::size_t count) {
    while (count > 0) {
        const ssize_t got = ::recv(socket_.get(), out, count, 0);
        if (got <= 0) return false;
        out += got;
        count -= static_cast<std::size_t>(got);
    }
    return true;
}

std::optional<TrainerReport> TrainerProcess::next() {
    unsigned char prefix[4];
    if (!read_exactly(reinterpret_cast<char*>(prefix), sizeof prefix)) return std::nullopt;
    std::size_t length = 0;
    for (const unsigned char byte : prefix) length = length << 8 | byte;
    std::string body(length, '\0');
    if (!read_exactly(body.data(), body.size())) return std::nullopt;
    return trainer_protocol::parse_report(boost::json::parse(body)).value();
}

void TrainerProcess::kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

int TrainerProcess::wait(int seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            return status;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return -1;
}

std::optional<TrainerReport> run_trainer(const trainer_protocol::Request& request, const std::filesystem::path& log,
                                         const std::function<bool(const TrainerReport&)>& each,
                                         const std::map<std::string, std::string>& environment) {
    TrainerProcess trainer(request, log, environment);
    while (std::optional<TrainerReport> report = trainer.next()) {
        if (each && each(*report)) {
            trainer.kill();
            return std::nullopt;
        }
        if (is_last(*report)) return report;
    }
    throw std::runtime_error("emeth-trainer ended without a last word; see " + log.string());
}

}  // namespace emeth::test
