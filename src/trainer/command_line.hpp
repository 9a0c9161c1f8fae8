// What emeth-trainer does from its command line, without a control socket.
#pragma once

#include <string_view>

namespace emeth::trainer {

/// argv[0] is the command's name; the result is the exit code.
using Command = int (*)(int argc, char** argv);
/// Null when there is no such command.
Command find_command(std::string_view name);

}  // namespace emeth::trainer
