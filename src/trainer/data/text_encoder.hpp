// Text into tokens, by all threads, in order.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "trainer/data/text_reader.hpp"
#include "trainer/data/tokenizer.hpp"

namespace emeth::trainer {

/// Reads a few hundred KB for each thread at a time: memory does not grow with the text, and the tokens do not depend
/// on the number of threads.
class TextEncoder {
public:
    /// Both must outlive it. Uses at::get_num_threads() threads.
    TextEncoder(TextReader& reader, const Tokenizer& tokenizer) : reader_(reader), tokenizer_(tokenizer) {}

    /// The next tokens; nothing at the end of the text.
    Result<std::optional<std::vector<int>>> next();

private:
    /// Some pieces of the text, and what becomes of them.
    struct Chunk {
        struct Piece {
            std::size_t begin, length;
            bool ends_line;
        };
        std::string text;
        std::vector<Piece> pieces;
        std::vector<int> tokens;
        Result<void> outcome;
    };

    Result<Chunk> read_chunk();
    Result<std::vector<Chunk>> read_chunks();
    void encode(Chunk& chunk) const;

    TextReader& reader_;
    const Tokenizer& tokenizer_;
};

}  // namespace emeth::trainer
