// Turns text into tokens on several threads, in the order of the text.
#pragma once

#include <cstddef>
#include <cstdint>
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
    /// Reader and tokenizer must outlive it. threads > 0; the calling thread is one of them.
    TextEncoder(TextReader& reader, const Tokenizer& tokenizer, std::uint32_t threads)
        : reader_(reader), tokenizer_(tokenizer), threads_(threads) {}

    /// The next tokens, or nothing at the end of the text.
    Result<std::optional<std::vector<int>>> next();

private:
    /// Some pieces of the text, and the tokens made of them.
    struct Chunk {
        struct Piece {
            std::size_t begin, length;
            bool ends_line;
        };
        std::string text;
        std::vector<Piece> pieces;
        std::vector<int> tokens;
        Result<void> encoded;
    };

    Result<Chunk> read_chunk();
    Result<std::vector<Chunk>> read_chunks();
    void encode(Chunk& chunk) const noexcept;

    TextReader& reader_;
    const Tokenizer& tokenizer_;
    std::uint32_t threads_;
};

}  // namespace emeth::trainer
