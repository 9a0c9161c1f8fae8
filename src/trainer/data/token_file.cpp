#include "trainer/data/token_file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/errno_error.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/data/text_encoder.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::trainer {
namespace {

constexpr std::array<char, 8> magic{'E', 'M', 'T', 'O', 'K', 'E', 'N', '1'};
constexpr std::size_t batch_tokens = 1 << 16;
constexpr std::int64_t uint16_values = 1 << 16;

/// In front of the tokens (little-endian, each of `width_bytes`); behind them stands the SHA-256 of all before it.
struct Header {
    std::array<char, 8> magic;
    std::uint32_t width_bytes;
    std::uint32_t reserved;
    std::array<std::uint8_t, 32> dataset_sha256;
    std::array<std::uint8_t, 32> tokenizer_sha256;
};
static_assert(sizeof(Header) == 80);

std::uint32_t width_of(const Preset& preset) {
    return preset.vocabulary <= uint16_values ? 2 : 4;
}

Result<void> append(StreamedWriter& writer, const std::vector<int>& tokens, std::uint32_t width_bytes) {
    if (width_bytes == sizeof(int)) return writer.write(bytes_of(tokens.data(), tokens.size()));
    std::vector<std::uint16_t> narrow(tokens.size());
    std::transform(tokens.begin(), tokens.end(), narrow.begin(), [](int id) { return static_cast<std::uint16_t>(id); });
    return writer.write(bytes_of(narrow.data(), narrow.size()));
}

/// Appends the stream again, from its beginning, until it is long enough to train on.
Result<void> append_again(StreamedWriter& writer, const std::vector<int>& stream, std::uint64_t tokens,
                          std::uint32_t width_bytes) {
    std::vector<int> more;
    for (std::uint64_t i = stream.size(); i < tokens; ++i) more.push_back(stream[i % stream.size()]);
    return append(writer, more, width_bytes);
}

Result<void> encode_dataset(TextReader& reader, const Tokenizer& tokenizer, StreamedWriter& writer,
                            const Preset& preset, std::uint32_t threads, const std::function<void(double)>& progress) {
    TextEncoder encoder(reader, tokenizer, threads);
    const std::size_t tokens_min = Plan::tokens_min(preset);
    std::vector<int> stream;  // its first tokens: all of them if they are too few to train on
    for (;;) {
        const Result<std::optional<std::vector<int>>> tokens = encoder.next();
        if (tokens.has_error()) return tokens.error();
        if (!tokens->has_value()) break;
        const std::size_t kept = std::min((*tokens)->size(), tokens_min - stream.size());
        stream.insert(stream.end(), (*tokens)->begin(), (*tokens)->begin() + static_cast<std::ptrdiff_t>(kept));
        if (Result<void> written = append(writer, **tokens, width_of(preset)); !written) return written;
        progress(static_cast<double>(reader.bytes_read()) / static_cast<double>(reader.file_bytes()));
    }
    if (stream.size() == tokens_min || reader.file_bytes() < trainer_protocol::dataset_bytes_min) return {};
    return append_again(writer, stream, Plan::tokens_repeated(preset), width_of(preset));
}

}  // namespace

Result<void> TokenFile::write(const std::filesystem::path& path, const std::filesystem::path& dataset,
                              const Hash256& dataset_sha256, const Hash256& tokenizer_sha256,
                              const Tokenizer& tokenizer, const Preset& preset, std::uint32_t threads,
                              const std::function<void(double)>& progress) {
    Result<TextReader> reader = TextReader::open(dataset);
    if (reader.has_error()) return reader.error();
    Result<StreamedWriter> writer = StreamedWriter::create(path);
    if (writer.has_error()) return writer.error();
    const Header header{magic, width_of(preset), 0, dataset_sha256.bytes, tokenizer_sha256.bytes};
    if (Result<void> written = writer->write(bytes_of(&header, 1)); !written) return written;
    if (Result<void> encoded = encode_dataset(*reader, tokenizer, *writer, preset, threads, progress); !encoded)
        return encoded;
    const Result<Hash256> finished = writer->finish();
    if (finished.has_error()) return finished.error();
    return {};
}

Result<TokenFile> TokenFile::open(const std::filesystem::path& path, const Hash256& dataset_sha256,
                                  const Hash256& tokenizer_sha256, const Preset& preset) {
    Result<StreamedReader> reader = StreamedReader::open(path);
    if (reader.has_error()) return reader.error();
    Header header{};
    if (Result<void> read = reader->read({reinterpret_cast<std::uint8_t*>(&header), sizeof header}); !read)
        return read.error();
    if (header.magic != magic || header.width_bytes != width_of(preset) ||
        header.dataset_sha256 != dataset_sha256.bytes || header.tokenizer_sha256 != tokenizer_sha256.bytes)
        return permanent_error(path.string() + " was made from another dataset or tokenizer");

    TokenFile file;
    file.mapping_bytes_ = reader->content_bytes();
    file.mapping_ = ::mmap(nullptr, file.mapping_bytes_, PROT_READ, MAP_PRIVATE, reader->descriptor(), 0);
    if (file.mapping_ == MAP_FAILED) {
        file.mapping_ = nullptr;
        return errno_error("cannot map " + path.string(), errno);
    }
    file.tokens_ = static_cast<const std::uint8_t*>(file.mapping_) + sizeof(Header);
    file.width_bytes_ = header.width_bytes;
    file.count_ = (file.mapping_bytes_ - sizeof(Header)) / header.width_bytes;
    if (!file.within_vocabulary(preset.vocabulary))
        return permanent_error(
            fmt::format("{} holds tokens beyond the vocabulary of model '{}'", path.string(), preset.name));
    return file;
}

bool TokenFile::within_vocabulary(std::int64_t vocabulary) const {
    std::vector<std::int32_t> batch(batch_tokens);
    for (std::uint64_t first = 0; first < count_; first += batch.size()) {
        const std::span<std::int32_t> part =
            std::span(batch).first(std::min<std::size_t>(batch.size(), count_ - first));
        copy(first, part);
        if (std::any_of(part.begin(), part.end(), [&](std::int32_t id) { return id < 0 || id >= vocabulary; }))
            return false;
    }
    return true;
}

TokenFile::TokenFile(TokenFile&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      mapping_bytes_(other.mapping_bytes_),
      tokens_(other.tokens_),
      count_(other.count_),
      width_bytes_(other.width_bytes_) {}

TokenFile::~TokenFile() {
    if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
}

void TokenFile::copy(std::uint64_t first, std::span<std::int32_t> out) const {
    assert(first + out.size() <= count_);
    const std::uint8_t* source = tokens_ + first * width_bytes_;
    if (width_bytes_ == sizeof(std::int32_t)) {
        std::memcpy(out.data(), source, out.size_bytes());
        return;
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        std::uint16_t id = 0;
        std::memcpy(&id, source + 2 * i, sizeof id);
        out[i] = id;
    }
}

}  // namespace emeth::trainer
