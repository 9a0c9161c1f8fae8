// emeth-reference: the manual page and the completions of emeth, for `cmake --install`.
#include <cstdio>
#include <string_view>

#include "cli/emeth_app.hpp"
#include "cli/reference/completion.hpp"
#include "cli/reference/manual_page.hpp"

int main(int argc, char** argv) {
    using namespace emeth::cli;
    Invocation invocation;
    const auto app = emeth_app(invocation);
    const std::string_view wanted = argc == 2 ? argv[1] : "";
    std::string text;
    if (wanted == "man") text = manual_page(*app);
    if (wanted == "bash") text = bash_completion(*app);
    if (wanted == "zsh") text = zsh_completion(*app);
    if (wanted == "fish") text = fish_completion(*app);
    if (text.empty()) {
        std::fputs("usage: emeth-reference man|bash|zsh|fish\n", stderr);
        return exit_usage;
    }
    return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? exit_ok : exit_failed;
}
