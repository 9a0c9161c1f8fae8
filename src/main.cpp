// emeth: dispatches to src/cli/<command>.cpp.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "cli/command.hpp"
#include "cli/emeth_app.hpp"

namespace {

/// What a script reads must be there: an output that cannot be written is a failure.
int finished(int code) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.flush().good()) return code;
    std::fprintf(stderr, "emeth: cannot write the output: %s\n", std::strerror(errno));
    return emeth::cli::exit_failed;
}

}  // namespace

int main(int argc, char** argv) try {
    emeth::cli::Invocation invocation;
    const auto app = emeth::cli::emeth_app(invocation);
    try {
        app->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return finished(app->exit(error) == 0 ? emeth::cli::exit_ok : emeth::cli::exit_usage);
    }
    return finished(invocation.run());
} catch (const std::exception& error) {
    std::fprintf(stderr, "emeth: %s\n", error.what());
    return emeth::cli::exit_failed;
}
