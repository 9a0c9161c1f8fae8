// A private chain for a test: anvil on a free loopback port, chain id 60001. It dies with the test's thread, however
// that ends.
#pragma once

#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/private_key.hpp"
#include "runtime/child_process.hpp"
#include "runtime/durable_file.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {

class AnvilProcess {
public:
    static constexpr std::uint64_t chain_id = 60001;

    /// Returns once it listens. `more_arguments` go to anvil as they are: {"--no-mining"}, {"--hardfork", "berlin"}.
    /// Throws with anvil's last output.
    explicit AnvilProcess(asio::io_context& io, const std::vector<std::string>& more_arguments = {})
        : process_(ChildProcess::start(io.get_executor(), options(more_arguments)).value()), port_(await_port()) {}

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    void kill() { process_.signal(9); }

    /// One of the accounts that anvil funds with ALT; their keys are published, and worthless elsewhere.
    static crypto::PrivateKey account_key(std::size_t index) {
        static constexpr std::array<std::string_view, 5> keys{
            "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
            "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
            "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
            "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
            "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
        };
        return std::move(crypto::PrivateKey::parse(keys.at(index))).value();
    }

private:
    [[nodiscard]] std::filesystem::path output() const { return folder_.path() / "anvil.out"; }

    [[nodiscard]] ChildOptions options(const std::vector<std::string>& more_arguments) const {
        const char* source = std::getenv("EMETH_SOURCE_DIR");
        if (source == nullptr) throw std::runtime_error("EMETH_SOURCE_DIR is not set: run this test by ctest");
        ChildOptions options;
        options.program = std::filesystem::path(source) / "contracts/node_modules/.bin/anvil";
        options.arguments = {"--host", "127.0.0.1", "--port", "0", "--chain-id", std::to_string(chain_id)};
        options.arguments.insert(options.arguments.end(), more_arguments.begin(), more_arguments.end());
        options.output = output();
        return options;
    }

    /// The port is in the last line that anvil prints at its start.
    [[nodiscard]] std::uint16_t await_port() const {
        constexpr int polls_max = 6'000;
        constexpr useconds_t poll_us = 10'000;
        constexpr std::uint64_t output_bytes_max = 1 << 20;
        std::string text;
        for (int poll = 0; poll < polls_max; ++poll) {
            text = read_file(output(), output_bytes_max).value();
            if (const std::optional<std::uint16_t> port = find_port(text)) return *port;
            ::usleep(poll_us);
        }
        throw std::runtime_error("anvil does not listen; its output was: " + text);
    }

    static std::optional<std::uint16_t> find_port(std::string_view text) {
        constexpr std::string_view announcement = "Listening on 127.0.0.1:";
        const std::size_t begin = text.find(announcement);
        if (begin == std::string_view::npos) return std::nullopt;
        const std::string_view rest = text.substr(begin + announcement.size());
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) return std::nullopt;  // still being written
        std::uint16_t port = 0;
        const auto [stop, error] = std::from_chars(rest.data(), rest.data() + end, port);
        if (error != std::errc() || stop != rest.data() + end) return std::nullopt;
        return port;
    }

    TemporaryFolder folder_;
    ChildProcess process_;
    std::uint16_t port_;
};

}  // namespace emeth::test
