#include "node/admin/admin_socket.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "runtime/json_fields.hpp"
#include "runtime/waiting.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth::node {
namespace {

using Protocol = asio::local::stream_protocol;

constexpr std::size_t method_bytes_max = 64;
constexpr std::size_t path_bytes_max = 107;  // of sockaddr_un
constexpr Milliseconds idle_timeout{30'000};

/// A line without its terminator; empty at the end of the stream.
Task<Result<std::string>> read_line(Protocol::socket& peer, std::size_t bytes_max) {
    std::string buffer;
    try {
        const std::size_t length =
            co_await asio::async_read_until(peer, asio::dynamic_buffer(buffer, bytes_max), '\n', asio::use_awaitable);
        buffer.resize(length - 1);
        co_return buffer;
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        if (error.code() == asio::error::not_found)
            co_return permanent_error(fmt::format("the line is longer than {} bytes", bytes_max));
        co_return transient_error("the connection ended: " + error.code().message());
    }
}

Task<Result<void>> write_line(Protocol::socket& peer, std::string line) {
    line += '\n';
    try {
        co_await asio::async_write(peer, asio::buffer(line), asio::use_awaitable);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        co_return transient_error("the connection ended: " + error.code().message());
    }
    co_return Result<void>{};
}

Task<Result<std::string>> exchange(Protocol::socket& peer, std::string line) {
    const Result<void> sent = co_await write_line(peer, std::move(line));
    if (sent.has_error()) co_return sent.error();
    co_return co_await read_line(peer, admin_answer_bytes_max);
}

}  // namespace

AdminServer::AdminServer(asio::any_io_executor executor, std::filesystem::path socket, Handler handler)
    : socket_(std::move(socket)), handler_(std::move(handler)), acceptor_(std::move(executor)) {}

AdminServer::~AdminServer() = default;

Result<void> AdminServer::listen() {
    if (socket_.string().size() > path_bytes_max)
        return permanent_error(
            fmt::format("{} is longer than {} bytes, the most that a socket's path may have: choose a shorter --data",
                        socket_.string(), path_bytes_max));
    std::error_code ignored;
    std::filesystem::remove(socket_, ignored);
    boost::system::error_code error;
    acceptor_.open(Protocol(), error);
    const auto mask = ::umask(0177);  // 0600 from the moment it is created
    if (!error) acceptor_.bind(Protocol::endpoint(socket_.string()), error);
    ::umask(mask);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return permanent_error(fmt::format("cannot listen on {}: {}", socket_.string(), error.message()));
    return {};
}

Task<> AdminServer::run() {
    TaskGroup connections(acceptor_.get_executor(), connections_max + 1);
    connections.start(accept(connections));
    co_await connections.join();
}

Task<> AdminServer::accept(TaskGroup& connections) {
    for (;;) {
        Protocol::socket peer = co_await acceptor_.async_accept(asio::use_awaitable);
        connections.start(serve(std::move(peer)));  // at the limit, the connection is closed at once
    }
}

Task<> AdminServer::serve(Protocol::socket peer) {
    for (;;) {
        const Result<std::string> line =
            co_await with_timeout(read_line(peer, admin_request_bytes_max), idle_timeout, "the admin request");
        if (line.has_error()) co_return;
        std::string text = co_await answer(*line);
        const Result<void> written =
            co_await with_timeout(write_line(peer, std::move(text)), idle_timeout, "the admin answer");
        if (written.has_error()) co_return;
    }
}

Task<std::string> AdminServer::answer(std::string line) {
    const auto refuse = [](const std::string& message) { return json_text(boost::json::object{{"error", message}}); };
    const Result<boost::json::value> json = parse_json(line, admin_request_bytes_max, "the admin request");
    if (json.has_error()) co_return refuse(json.error().message);
    JsonObject fields(*json, "the admin request");
    std::string method = fields.string("method", method_bytes_max);
    if (const auto checked = fields.check(); checked.has_error()) co_return refuse(checked.error().message);
    const auto* params = json->as_object().if_contains("params");
    boost::json::object given = params != nullptr && params->is_object() ? params->get_object() : boost::json::object();
    Task<Result<boost::json::value>> handling = handler_(std::move(method), std::move(given));
    const Result<boost::json::value> result = co_await std::move(handling);
    if (result.has_error()) co_return refuse(result.error().message);
    co_return json_text(boost::json::object{{"result", *result}});
}

bool admin_answers(const std::filesystem::path& socket) {
    if (socket.string().size() > path_bytes_max) return false;
    asio::io_context io;
    Protocol::socket peer(io);
    boost::system::error_code error;
    peer.connect(Protocol::endpoint(socket.string()), error);
    return !error;
}

Task<Result<boost::json::value>> ask_master(std::filesystem::path socket, std::string method,
                                            boost::json::object params, Milliseconds timeout) {
    Protocol::socket peer(co_await asio::this_coro::executor);
    boost::system::error_code error;
    peer.connect(Protocol::endpoint(socket.string()), error);
    if (error) co_return transient_error(fmt::format("no master answers at {}: {}", socket.string(), error.message()));
    const Waiting waiting(fmt::format("the master ({})", method));
    std::string line = json_text(boost::json::object{{"method", method}, {"params", std::move(params)}});
    const Result<std::string> text =
        co_await with_timeout(exchange(peer, std::move(line)), timeout, "the master's answer to " + method);
    if (text.has_error()) co_return text.error();
    const Result<boost::json::value> answer = parse_json(*text, admin_answer_bytes_max, "the master's answer");
    if (answer.has_error()) co_return answer.error();
    const auto* fields = answer->if_object();
    const auto* result = fields == nullptr ? nullptr : fields->if_contains("result");
    if (result != nullptr) co_return *result;
    const auto* message = fields == nullptr ? nullptr : fields->if_contains("error");
    co_return permanent_error(message != nullptr && message->is_string()
                                  ? std::string(message->get_string())
                                  : "the master's answer has neither result nor error");
}

}  // namespace emeth::node
