#include "trainer/data/text_encoder.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace emeth::trainer {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t chunks_per_thread = 16;

}  // namespace

Result<TextEncoder::Chunk> TextEncoder::read_chunk() {
    Chunk chunk;
    while (chunk.text.size() < chunk_bytes) {
        const Result<std::optional<TextPiece>> piece = reader_.next();
        if (piece.has_error()) return piece.error();
        if (!piece->has_value()) break;
        chunk.pieces.push_back({chunk.text.size(), (*piece)->text.size(), (*piece)->ends_line});
        chunk.text += (*piece)->text;
        if ((*piece)->ends_line) chunk.text += '\n';
    }
    return chunk;
}

Result<std::vector<TextEncoder::Chunk>> TextEncoder::read_chunks() {
    std::vector<Chunk> chunks;
    while (chunks.size() < chunks_per_thread * threads_) {
        Result<Chunk> chunk = read_chunk();
        if (chunk.has_error()) return chunk.error();
        if (chunk->pieces.empty()) break;
        chunks.push_back(*std::move(chunk));
    }
    return chunks;
}

/// Throws nothing, because it runs on threads of its own: memory that is missing is the chunk's error.
void TextEncoder::encode(Chunk& chunk) const noexcept try {
    const std::string_view text = chunk.text;
    for (const Chunk::Piece& piece : chunk.pieces) {
        chunk.encoded = tokenizer_.encode({text.substr(piece.begin, piece.length), piece.ends_line}, chunk.tokens);
        if (!chunk.encoded) return;
    }
} catch (const std::exception& failed) {
    chunk.encoded = transient_error(std::string("cannot encode the text: ") + failed.what());
}

Result<std::optional<std::vector<int>>> TextEncoder::next() {
    Result<std::vector<Chunk>> chunks = read_chunks();
    if (chunks.has_error()) return chunks.error();
    if (chunks->empty()) return std::optional<std::vector<int>>();
    // An idle thread takes the next chunk, because some chunks take longer than others and a thread may have to share
    // its processor.
    std::atomic<std::size_t> taken{0};
    const auto encode_chunks = [&] {
        for (std::size_t i = taken++; i < chunks->size(); i = taken++) encode((*chunks)[i]);
    };
    std::vector<std::jthread> others;
    const std::size_t threads = std::min<std::size_t>(threads_, chunks->size());
    for (std::size_t thread = 1; thread < threads; ++thread) others.emplace_back(encode_chunks);
    encode_chunks();
    others.clear();  // joins them
    std::vector<int> tokens;
    for (const Chunk& chunk : *chunks) {
        if (chunk.encoded.has_error()) return chunk.encoded.error();
        tokens.insert(tokens.end(), chunk.tokens.begin(), chunk.tokens.end());
    }
    return std::optional(std::move(tokens));
}

}  // namespace emeth::trainer
