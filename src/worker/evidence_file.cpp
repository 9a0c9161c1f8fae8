#include "worker/evidence_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "crypto/sha256.hpp"
#include "http/file_pieces.hpp"
#include "runtime/durable_file.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::worker {
namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends the content of a state, which must match the digest at the file's end.
Result<void> append_state(const std::filesystem::path& path, http::OutputFile& out) {
    const Result<http::InputFile> state = http::InputFile::open(path);
    if (state.has_error()) return permanent_error(state.error().message + "; without it the training cannot be proved");
    if (state->bytes() < Hash256::size_bytes) return permanent_error(path.string() + " is too short for a state");
    const std::uint64_t content = state->bytes() - Hash256::size_bytes;
    crypto::Sha256 digest;
    std::string piece;
    for (std::uint64_t offset = 0; offset < content; offset += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(http::piece_bytes, content - offset)));
        if (auto read = state->read_at(offset, piece); read.has_error()) return read;
        digest.update(piece);
        if (auto written = out.append(piece); written.has_error()) return written;
    }
    std::string expected(Hash256::size_bytes, '\0');
    if (auto read = state->read_at(content, expected); read.has_error()) return read;
    if (text_of(digest.finish().bytes) == expected) return {};
    return permanent_error(path.string() + " is damaged: its digest does not match");
}

}  // namespace

std::filesystem::path evidence_file(const std::filesystem::path& folder) {
    return folder / "evidence.bin";
}

Result<statemachine::WorkerFile> pack_evidence(const std::filesystem::path& folder, const Hash256& block_hash,
                                               const std::vector<std::uint32_t>& states) {
    std::filesystem::path partial = evidence_file(folder);
    partial += ".partial";
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);  // left by a worker that was killed
    const http::RemoveAtEnd cleanup(partial);
    Result<http::OutputFile> out = http::OutputFile::create(partial);
    if (out.has_error()) return out.error();
    const auto header = trainer_protocol::evidence_header(block_hash);
    if (auto written = out->append(text_of(header)); written.has_error()) return written.error();
    for (const std::uint32_t index : states) {
        auto appended = append_state(trainer_protocol::state_file(folder, index), *out);
        if (appended.has_error()) return appended.error();
    }
    statemachine::WorkerFile packed;
    packed.bytes = out->bytes();
    packed.sha256 = out->finish();
    if (auto published = publish_file(partial, evidence_file(folder)); published.has_error()) return published.error();
    return packed;
}

}  // namespace emeth::worker
