// Tokenising speed: MB/s against SentencePiece's own spm_encode.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench tokenising`. It runs emeth-trainer beside this program, spm_encode and bible.
void add_tokenising(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
