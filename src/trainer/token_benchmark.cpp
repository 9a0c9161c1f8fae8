#include <boost/json/object.hpp>

#include "crypto/sha256.hpp"
#include "runtime/clock.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "trainer/benchmark.hpp"
#include "trainer/data/token_file.hpp"
#include "trainer/data/tokenizer.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {
namespace {}  // namespace

Result<std::string> run_token_benchmark(const std::string& model, const std::filesystem::path& folder,
                                        std::uint32_t threads) {
    const Result<Preset> preset = trainer_protocol::find_preset(model);
    if (preset.has_error()) return preset.error();
    const std::filesystem::path dataset = folder / "dataset";
    const Result<Hash256> digest = crypto::sha256_of_file(dataset);
    if (digest.has_error()) return digest.error();

    const Milliseconds start = system_clock().monotonic();
    const Result<std::string> pieces = train_tokenizer(dataset, JobId{}, *preset);
    if (pieces.has_error()) return pieces.error();
    const double tokenizer_s = seconds_since(start);
    if (Result<void> kept = write_file_durably(folder / "tokenizer.model", *pieces); kept.has_error())
        return kept.error();

    const Hash256 pieces_digest = crypto::sha256(*pieces);
    const std::filesystem::path tokens_path = folder / "tokens.bin";
    const Milliseconds encoding = system_clock().monotonic();
    const Result<Tokenizer> tokenizer = Tokenizer::load(*pieces, *preset);
    if (tokenizer.has_error()) return tokenizer.error();
    if (Result<void> written =
            TokenFile::write(tokens_path, dataset, *digest, pieces_digest, *tokenizer, *preset, threads, [](double) {});
        !written)
        return written.error();
    const double tokens_s = seconds_since(encoding);
    const Result<TokenFile> tokens = TokenFile::open(tokens_path, *digest, pieces_digest, *preset);
    if (tokens.has_error()) return tokens.error();
    const std::uint64_t bytes = std::filesystem::file_size(dataset);
    const boost::json::object figures{{"tokenizer_s", tokenizer_s},
                                      {"tokens_s", tokens_s},
                                      {"dataset_bytes", bytes},
                                      {"tokens", tokens->count()},
                                      {"mb_per_s", static_cast<double>(bytes) / 1e6 / tokens_s}};
    return json_text(figures);
}

}  // namespace emeth::trainer
