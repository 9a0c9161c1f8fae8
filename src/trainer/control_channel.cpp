#include "trainer/control_channel.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "runtime/errno_error.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::message_bytes_max;
using trainer_protocol::Progress;
using trainer_protocol::TrainerReport;

constexpr Milliseconds progress_interval{250};

[[noreturn]] void exit_without_parent() {
    // Exits without running destructors: other threads are still running, and files are always complete or absent.
    ::_exit(1);
}

Result<void> read_exactly(int socket, std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t count = ::recv(socket, out.data(), out.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read the request", errno);
        if (count == 0) return permanent_error("the control socket ended before the request was complete");
        out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

bool write_exactly(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

bool write_message(int socket, const TrainerReport& report) {
    const std::string body = json_text(trainer_protocol::to_json(report));
    std::string message;
    for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<char>(body.size() >> shift));
    return write_exactly(socket, message + body);
}

}  // namespace

ControlChannel::ControlChannel(int socket) : socket_(socket) {
    const int flags = ::fcntl(socket_, F_GETFL);
    ::fcntl(socket_, F_SETFL, flags & ~O_NONBLOCK);
    ::fcntl(socket_, F_SETFD, FD_CLOEXEC);
    writer_ = std::thread([this] { write_reports(); });
}

ControlChannel::~ControlChannel() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    writer_.join();
}

Result<trainer_protocol::Request> ControlChannel::receive() {
    std::array<std::uint8_t, 4> prefix{};
    if (Result<void> read = read_exactly(socket_, prefix); read.has_error()) return read.error();
    std::uint32_t length = 0;
    for (const std::uint8_t byte : prefix) length = length << 8 | byte;
    if (length > message_bytes_max)
        return permanent_error(fmt::format("the request has {} bytes; at most {} are read", length, message_bytes_max));
    std::string body(length, '\0');
    if (Result<void> read = read_exactly(socket_, {reinterpret_cast<std::uint8_t*>(body.data()), body.size()}); !read)
        return read.error();
    std::thread([this] { watch_for_end(); }).detach();
    const Result<boost::json::value> json = parse_json(body, message_bytes_max, "request to emeth-trainer");
    if (json.has_error()) return json.error();
    return trainer_protocol::parse_request(*json);
}

void ControlChannel::watch_for_end() const {
    // The parent sends nothing after its request, so end of file or any further byte ends the process.
    char byte = 0;
    while (::recv(socket_, &byte, 1, 0) < 0 && errno == EINTR) {
    }
    exit_without_parent();
}

bool ControlChannel::too_soon(const TrainerReport& report) {
    const auto* progress = std::get_if<Progress>(&report);
    if (progress == nullptr) return false;
    const Milliseconds now = system_clock().monotonic();
    if (progress->stage == last_stage_ && now < last_progress_ + progress_interval) return true;
    last_stage_ = progress->stage;
    last_progress_ = now;
    return false;
}

void ControlChannel::report(TrainerReport report) {
    {
        const std::scoped_lock lock(mutex_);
        if (too_soon(report)) return;
        // The queue must not grow when the parent does not read: only the latest progress is kept.
        if (std::holds_alternative<Progress>(report) && !waiting_.empty() &&
            std::holds_alternative<Progress>(waiting_.back()))
            waiting_.pop_back();
        waiting_.push_back(std::move(report));
    }
    changed_.notify_all();
}

void ControlChannel::flush() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.empty() && !writing_; });
}

void ControlChannel::write_reports() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const TrainerReport report = std::move(waiting_.front());
        waiting_.pop_front();
        writing_ = true;
        lock.unlock();
        if (!write_message(socket_, report)) exit_without_parent();
        lock.lock();
        writing_ = false;
        changed_.notify_all();
    }
}

}  // namespace emeth::trainer
