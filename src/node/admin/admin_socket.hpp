// <data>/admin.sock (0600): commands to the running master, one JSON object per line: {"method", "params"} → {"result"}
// or {"error"}. Io thread only.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "runtime/task_group.hpp"

namespace emeth::node {

inline constexpr std::size_t admin_request_bytes_max = 64 << 10;
inline constexpr std::size_t admin_answer_bytes_max = 64 << 20;

class AdminServer {
public:
    static constexpr std::size_t connections_max = 16;

    using Handler = std::function<Task<Result<boost::json::value>>(std::string method, boost::json::object params)>;

    AdminServer(asio::any_io_executor executor, std::filesystem::path socket, Handler handler);
    ~AdminServer();

    /// The caller holds the data folder's lock, so an existing socket belongs to a dead master.
    /// The Error names the path.
    Result<void> listen();
    /// Runs until cancelled.
    Task<> run();

private:
    Task<> accept(TaskGroup& connections);
    Task<> serve(asio::local::stream_protocol::socket peer);
    Task<std::string> answer(std::string line);

    std::filesystem::path socket_;
    Handler handler_;
    asio::local::stream_protocol::acceptor acceptor_;
};

/// Whether a master is listening there.
bool admin_answers(const std::filesystem::path& socket);

/// Sends one request. The Error is the master's own, or says that no master answers there.
Task<Result<boost::json::value>> ask_master(std::filesystem::path socket, std::string method,
                                            boost::json::object params, Milliseconds timeout);

}  // namespace emeth::node
