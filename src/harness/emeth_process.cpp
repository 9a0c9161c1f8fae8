#include "harness/emeth_process.hpp"

#include <fmt/format.h>

#include <fstream>
#include <utility>

namespace emeth::harness {

Result<ChildProcess> start_emeth(const asio::any_io_executor& executor, std::vector<std::string> arguments,
                                 std::filesystem::path log) {
    ChildOptions options;
    options.program = own_program_path().parent_path() / "emeth";
    options.arguments = std::move(arguments);
    options.output = std::move(log);
    return ChildProcess::start(executor, options);
}

Task<Result<void>> run_emeth(std::vector<std::string> arguments, std::filesystem::path log) {
    std::string command = "emeth";
    for (std::size_t word = 0; word < 2 && word < arguments.size(); ++word) command += " " + arguments[word];
    auto child = start_emeth(co_await asio::this_coro::executor, std::move(arguments), log);
    if (child.has_error()) co_return child.error();
    const ChildEnd end = co_await child->wait();
    if (end.signal == 0 && end.exit_code == 0) co_return Result<void>{};
    co_return permanent_error(
        fmt::format("{} ended by {}: {}; see {}", command, end.describe(), last_line(log), log.string()));
}

std::string last_line(const std::filesystem::path& log) {
    std::ifstream stream(log);
    std::string last;
    for (std::string line; std::getline(stream, line);)
        if (!line.empty()) last = line;
    return last;
}

}  // namespace emeth::harness
