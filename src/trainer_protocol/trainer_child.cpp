#include "trainer_protocol/trainer_child.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <string>
#include <utility>

#include "runtime/json_fields.hpp"

namespace emeth::trainer_protocol {
namespace {

constexpr std::size_t length_bytes = 4;
constexpr int stop_grace_ms = 2000;
constexpr std::streamoff log_tail_bytes = 4096;
constexpr std::size_t last_words_bytes_max = 400;

std::string frame(const std::string& body) {
    std::string message;
    for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<char>(body.size() >> shift));
    return message + body;
}

std::uint32_t frame_length(std::string_view bytes) {
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | static_cast<std::uint8_t>(bytes[i]);
    return length;
}

/// The last non-empty line of the child's log, which usually says why the child died.
std::string last_words(const std::filesystem::path& log) {
    std::ifstream file(log, std::ios::binary);
    if (!file) return {};
    file.seekg(0, std::ios::end);
    const std::streamoff size = file.tellg();
    file.seekg(std::max<std::streamoff>(0, size - log_tail_bytes));
    std::string line;
    std::string last;
    while (std::getline(file, line)) {
        if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
    }
    return last.substr(0, last_words_bytes_max);
}

}  // namespace

struct TrainerChild::Impl {
    Impl(ChildProcess process_in, asio::local::stream_protocol::socket socket_in, std::filesystem::path log_in)
        : process(std::move(process_in)), socket(std::move(socket_in)), log(std::move(log_in)) {}

    ChildProcess process;
    asio::local::stream_protocol::socket socket;
    std::filesystem::path log;
    std::string received;  // kept between calls, so that a cancelled next() loses nothing
};

TrainerChild::TrainerChild(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrainerChild::TrainerChild(TrainerChild&&) noexcept = default;
TrainerChild& TrainerChild::operator=(TrainerChild&&) noexcept = default;
TrainerChild::~TrainerChild() = default;

namespace {

Task<std::string> how_it_ended(ChildProcess& process, const std::filesystem::path& log) {
    const ChildEnd end = co_await process.stop(SIGTERM, stop_grace_ms);
    const std::string words = last_words(log);
    if (words.empty()) co_return fmt::format("emeth-trainer ended by {}", end.describe());
    co_return fmt::format("emeth-trainer ended by {}; the last line of {}: {}", end.describe(), log.native(), words);
}

/// Removes the first message from `received`, if it is complete.
Result<std::optional<TrainerReport>> take_report(std::string& received) {
    if (received.size() < length_bytes) return std::optional<TrainerReport>();
    const std::uint32_t length = frame_length(received);
    if (length > message_bytes_max)
        return transient_error(fmt::format("emeth-trainer announced a report of {} bytes; at most {} are read", length,
                                           message_bytes_max));
    if (received.size() < length_bytes + length) return std::optional<TrainerReport>();
    const std::string_view body = std::string_view(received).substr(length_bytes, length);
    const Result<boost::json::value> json = parse_json(body, message_bytes_max, "report of emeth-trainer");
    received.erase(0, length_bytes + length);
    if (json.has_error()) return json.error();
    Result<TrainerReport> report = parse_report(*json);
    if (report.has_error()) return report.error();
    return std::optional<TrainerReport>(*std::move(report));
}

}  // namespace

Task<Result<TrainerChild>> TrainerChild::start(std::filesystem::path program, Request request,
                                               std::filesystem::path log) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    ChildOptions options;
    options.program = std::move(program);
    options.output = log;
    options.control_socket = true;
    Result<ChildProcess> process = ChildProcess::start(executor, options);
    if (process.has_error()) co_return process.error();

    const int descriptor = process->release_control_socket();
    asio::local::stream_protocol::socket socket(executor, asio::local::stream_protocol(), descriptor);
    auto impl = std::make_unique<Impl>(*std::move(process), std::move(socket), std::move(log));
    std::string message = frame(json_text(to_json(request)));
    // A child that has ended meanwhile may have said why, and have been right: next() tells.
    const auto [error, written] =
        co_await asio::async_write(impl->socket, asio::buffer(message), asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    co_return TrainerChild(std::move(impl));
}

Task<Result<TrainerReport>> TrainerChild::next() {
    Impl& impl = *impl_;
    for (;;) {
        Result<std::optional<TrainerReport>> report = take_report(impl.received);
        if (!report) {
            impl.process.signal(SIGKILL);
            co_return transient_error(report.error().message);
        }
        if (report->has_value()) co_return std::move(**report);

        std::array<char, 16384> buffer;
        const auto [error, count] =
            co_await impl.socket.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
        if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
        if (error) {
            const std::string end = co_await how_it_ended(impl.process, impl.log);
            co_return transient_error(end);
        }
        impl.received.append(buffer.data(), count);
    }
}

Task<> TrainerChild::stop() {
    co_await impl_->process.stop(SIGTERM, stop_grace_ms);
}

pid_t TrainerChild::pid() const {
    return impl_->process.pid();
}

std::filesystem::path default_trainer_program() {
    const std::filesystem::path sibling = own_program_path().parent_path() / "emeth-trainer";
    std::error_code ignored;
    return std::filesystem::exists(sibling, ignored) ? sibling : std::filesystem::path("emeth-trainer");
}

}  // namespace emeth::trainer_protocol
