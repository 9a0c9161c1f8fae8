#include "trainer/data/data_preparation.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "crypto/sha256.hpp"
#include "trainer/data/streamed_file.hpp"
#include "trainer/data/tokenizer.hpp"

namespace emeth::trainer {
namespace {

constexpr std::uint64_t tokenizer_bytes_max = 64 << 20;

std::span<const std::uint8_t> bytes_of_text(const std::string& text) {
    return bytes_of(text.data(), text.size());
}

/// Identifies what a tokenizer file was made from and for.
Hash256 tokenizer_fingerprint(const Hash256& dataset_sha256, const JobId& job, const Preset& preset) {
    return crypto::sha256(fmt::format("tokenizer/1/{}/{}/{}", dataset_sha256.hex(), job.hex(), preset.name));
}

Result<std::string> load_tokenizer(const std::filesystem::path& path, const Hash256& fingerprint) {
    Result<StreamedReader> reader = StreamedReader::open(path);
    if (reader.has_error()) return reader.error();
    Hash256 made_for;
    if (Result<void> read = reader->read(made_for.bytes); read.has_error()) return read.error();
    if (made_for != fingerprint || reader->content_bytes() > tokenizer_bytes_max)
        return permanent_error(path.string() + " is the tokenizer of another dataset or JOB");
    std::string model(reader->content_bytes() - made_for.bytes.size(), '\0');
    Result<void> read = reader->read({reinterpret_cast<std::uint8_t*>(model.data()), model.size()});
    if (read.has_error()) return read.error();
    return model;
}

Result<void> save_tokenizer(const std::filesystem::path& path, const Hash256& fingerprint, const std::string& model) {
    Result<StreamedWriter> writer = StreamedWriter::create(path);
    if (writer.has_error()) return writer.error();
    if (Result<void> written = writer->write(fingerprint.bytes); !written) return written;
    if (Result<void> written = writer->write(bytes_of_text(model)); !written) return written;
    const Result<Hash256> finished = writer->finish();
    if (finished.has_error()) return finished.error();
    return {};
}

Result<std::uint64_t> bytes_of_dataset(const std::filesystem::path& dataset) {
    std::error_code error;
    const std::uint64_t bytes = std::filesystem::file_size(dataset, error);
    if (error)
        return transient_error(
            fmt::format("the size of dataset {} cannot be read: {}", dataset.string(), error.message()));
    return bytes;
}

Result<void> require_dataset(const std::filesystem::path& dataset, const Hash256& expected) {
    const Result<Hash256> digest = crypto::sha256_of_file(dataset);
    if (digest.has_error()) return digest.error();
    if (*digest != expected)
        return transient_error(fmt::format("dataset {} has SHA-256 {} instead of {}; fetch it again", dataset.string(),
                                           digest->hex(), expected.hex()));
    return {};
}

}  // namespace

Result<PreparedData> prepare_data(const std::filesystem::path& dataset, const Hash256& dataset_sha256,
                                  const std::filesystem::path& folder, const JobId& job, const Preset& preset,
                                  std::uint32_t threads, Reporter& reporter) {
    const std::filesystem::path tokenizer_path = folder / "tokenizer.bin";
    const std::filesystem::path tokens_path = folder / "tokens.bin";
    const Hash256 fingerprint = tokenizer_fingerprint(dataset_sha256, job, preset);
    const Result<std::uint64_t> bytes = bytes_of_dataset(dataset);
    if (bytes.has_error()) return bytes.error();

    Result<std::string> model = load_tokenizer(tokenizer_path, fingerprint);
    if (model) {
        const Hash256 model_sha256 = crypto::sha256(*model);
        Result<TokenFile> tokens = TokenFile::open(tokens_path, dataset_sha256, model_sha256, preset);
        if (tokens) return PreparedData{*std::move(model), model_sha256, *std::move(tokens), *bytes};
    }

    if (Result<void> same = require_dataset(dataset, dataset_sha256); same.has_error()) return same.error();
    if (!model) {
        reporter.report(trainer_protocol::Progress{.stage = "tokenizer"});
        model = train_tokenizer(dataset, job, preset);
        if (model.has_error()) return model.error();
        if (Result<void> saved = save_tokenizer(tokenizer_path, fingerprint, *model); saved.has_error())
            return saved.error();
    }
    const Hash256 model_sha256 = crypto::sha256(*model);
    const Result<Tokenizer> tokenizer = Tokenizer::load(*model, preset);
    if (tokenizer.has_error()) return tokenizer.error();
    // The number of steps is not known yet: progress counts thousandths of the dataset.
    const auto progress = [&](double share) {
        reporter.report(trainer_protocol::Progress{
            .stage = "tokens", .step = static_cast<std::uint64_t>(share * 1000), .steps_total = 1000});
    };
    progress(0);
    Result<void> written =
        TokenFile::write(tokens_path, dataset, dataset_sha256, model_sha256, *tokenizer, preset, threads, progress);
    if (written.has_error()) return written.error();
    Result<TokenFile> tokens = TokenFile::open(tokens_path, dataset_sha256, model_sha256, preset);
    if (tokens.has_error()) return tokens.error();
    return PreparedData{*std::move(model), model_sha256, *std::move(tokens), *bytes};
}

}  // namespace emeth::trainer
