#include "network/devnet/anvil.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>
#include <csignal>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/waiting.hpp"

namespace emeth::network {

namespace {

constexpr Milliseconds answer_poll{50};
constexpr int answer_polls_max = 600;  // 30 s
constexpr int stop_grace_ms = 20'000;
constexpr std::uint64_t log_bytes_max = 16 << 20;

std::string last_words(const std::filesystem::path& log) {
    const auto text = read_file(log, log_bytes_max);
    if (text.has_error() || text->empty()) return "it said nothing";
    const auto end = text->find_last_not_of('\n');
    const auto begin = end == std::string::npos ? std::string::npos : text->find_last_of('\n', end);
    return text->substr(begin == std::string::npos ? 0 : begin + 1, end == std::string::npos ? 0 : end - begin);
}

}  // namespace

Result<std::uint64_t> quantity(const boost::json::value& value, std::string_view what) {
    const auto* text = value.if_string();
    std::uint64_t number = 0;
    if (text != nullptr && text->size() > 2 && text->subview(0, 2) == "0x") {
        const char* end = text->data() + text->size();
        const auto [rest, error] = std::from_chars(text->data() + 2, end, number, 16);
        if (error == std::errc{} && rest == end) return number;
    }
    return permanent_error(fmt::format("{} is no hex quantity of 64 bits", what));
}

std::string hex_quantity(std::uint64_t value) {
    return fmt::format("{:#x}", value);
}

Task<Result<Anvil>> Anvil::start(AnvilOptions options) {
    ChildOptions child_options;
    child_options.program = options.program;
    child_options.arguments = {"--host",           "127.0.0.1",
                               "--port",           std::to_string(options.port),
                               "--chain-id",       std::to_string(options.chain_id),
                               "--accounts",       "1",
                               "--state",          options.state_file.string(),
                               "--state-interval", "10",
                               "--no-mining"};
    child_options.output = options.log;
    auto child = ChildProcess::start(co_await asio::this_coro::executor, child_options);
    if (child.has_error())
        co_return in_context("cannot start anvil (npm ci under contracts/ installs it)", child.error());
    auto endpoint = http::Url::parse(fmt::format("http://127.0.0.1:{}", options.port));
    if (endpoint.has_error()) co_return endpoint.error();
    Anvil anvil(std::move(*child), std::make_unique<chain::RpcClient>(*endpoint, Milliseconds(30'000)));
    auto ready = co_await anvil.wait_until_it_answers();
    if (ready.has_value()) ready = co_await anvil.set_clock_and_mine(options.block_interval_s);
    if (ready.has_error()) co_return in_context(fmt::format("anvil ({})", last_words(options.log)), ready.error());
    co_return anvil;
}

Task<Result<void>> Anvil::wait_until_it_answers() {
    Error last = transient_error("did not answer");
    const Waiting waiting("anvil");
    for (int poll = 0; poll < answer_polls_max && child_.running(); ++poll) {
        const auto accounts = co_await rpc_->call("eth_accounts", {});
        if (accounts.has_value()) {
            const auto* list = accounts->if_array();
            const auto* first = list != nullptr && !list->empty() ? list->front().if_string() : nullptr;
            const auto address = first != nullptr ? Address::parse(std::string_view(*first)) : std::nullopt;
            if (!address) co_return permanent_error("eth_accounts names no account");
            account_ = *address;
            co_return Result<void>{};
        }
        last = accounts.error();
        co_await system_clock().sleep(answer_poll);
    }
    co_return last;
}

/// After a jump in chain time followed by a restart, anvil's clock is the wall clock again; without this, block
/// timestamps would go backwards.
Task<Result<void>> Anvil::set_clock_and_mine(std::uint32_t block_interval_s) {
    boost::json::array latest_parameters{"latest", false};
    const auto latest = co_await rpc_->call("eth_getBlockByNumber", std::move(latest_parameters));
    if (latest.has_error()) co_return latest.error();
    const auto* block = latest->if_object();
    const auto* timestamp_field = block != nullptr ? block->if_contains("timestamp") : nullptr;
    if (timestamp_field == nullptr) co_return permanent_error("the latest block has no timestamp");
    const auto timestamp = quantity(*timestamp_field, "the latest block's timestamp");
    if (timestamp.has_error()) co_return timestamp.error();
    const auto wall = static_cast<std::uint64_t>(system_clock().unix_ms() / 1000);
    boost::json::array time_parameters{std::max(*timestamp + 1, wall)};
    const auto set = co_await rpc_->call("anvil_setTime", std::move(time_parameters));
    if (set.has_error()) co_return set.error();
    boost::json::array interval_parameters{block_interval_s};
    const auto mining = co_await rpc_->call("evm_setIntervalMining", std::move(interval_parameters));
    if (mining.has_error()) co_return mining.error();
    co_return Result<void>{};
}

Task<> Anvil::stop() {
    co_await child_.stop(SIGINT, stop_grace_ms);
}

}  // namespace emeth::network
