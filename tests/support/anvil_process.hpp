// A private chain for a test: anvil on a free loopback port, chain id 60001. It dies with the test's thread, however
// that ends.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/private_key.hpp"
#include "support/listening_process.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {

class AnvilProcess {
public:
    static constexpr std::uint64_t chain_id = 60001;

    /// Returns once it listens. `more_arguments` go to anvil as they are: {"--no-mining"}, {"--hardfork", "berlin"}.
    /// Throws with anvil's last output.
    explicit AnvilProcess(asio::io_context& io, const std::vector<std::string>& more_arguments = {})
        : process_(io, options(more_arguments), folder_.path()) {}

    [[nodiscard]] std::uint16_t port() const { return process_.port(); }
    [[nodiscard]] std::string url() const { return process_.url(); }
    void kill() { process_.kill(); }

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
    static ChildOptions options(const std::vector<std::string>& more_arguments) {
        ChildOptions options;
        options.program = source_folder() / "contracts/node_modules/.bin/anvil";
        options.arguments = {"--host", "127.0.0.1", "--port", "0", "--chain-id", std::to_string(chain_id)};
        options.arguments.insert(options.arguments.end(), more_arguments.begin(), more_arguments.end());
        return options;
    }

    TemporaryFolder folder_;
    ListeningProcess process_;
};

}  // namespace emeth::test
