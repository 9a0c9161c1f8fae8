// A server that a test starts as a program of its own, on a loopback port that the server chooses and prints. It dies
// with the test's thread, however that ends.
#pragma once

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "runtime/child_process.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/parse_number.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {

/// The repository, by EMETH_SOURCE_DIR.
inline std::filesystem::path source_folder() {
    const char* source = std::getenv("EMETH_SOURCE_DIR");
    if (source == nullptr) throw std::runtime_error("EMETH_SOURCE_DIR is not set: run this test by ctest");
    return source;
}

class ListeningProcess {
public:
    /// Returns once it has printed a line with "Listening on 127.0.0.1:<port>". `options` say what to run; its output
    /// goes to a file in `folder`. Throws with its last output.
    ListeningProcess(asio::io_context& io, ChildOptions options, const std::filesystem::path& folder)
        : output_(folder / "output"),
          process_(ChildProcess::start(io.get_executor(), with_output(std::move(options), output_)).value()),
          port_(await_port()) {}

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    void kill() { process_.signal(9); }

private:
    static ChildOptions with_output(ChildOptions options, const std::filesystem::path& output) {
        options.output = output;
        return options;
    }

    [[nodiscard]] std::uint16_t await_port() const {
        constexpr int polls_max = 6'000;
        constexpr useconds_t poll_us = 10'000;
        constexpr std::uint64_t output_bytes_max = 1 << 20;
        std::string text;
        for (int poll = 0; poll < polls_max; ++poll) {
            text = read_file(output_, output_bytes_max).value();
            if (const std::optional<std::uint16_t> port = find_port(text)) return *port;
            ::usleep(poll_us);
        }
        throw std::runtime_error("a server does not listen; its output was: " + text);
    }

    static std::optional<std::uint16_t> find_port(std::string_view text) {
        constexpr std::string_view announcement = "Listening on 127.0.0.1:";
        const std::size_t begin = text.find(announcement);
        if (begin == std::string_view::npos) return std::nullopt;
        const std::string_view rest = text.substr(begin + announcement.size());
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) return std::nullopt;  // still being written
        return parse_number<std::uint16_t>(rest.substr(0, end));
    }

    std::filesystem::path output_;
    ChildProcess process_;
    std::uint16_t port_;
};

}  // namespace emeth::test
