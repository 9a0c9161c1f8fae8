// The dataset as tokens on disk, mapped into memory: training reads windows of it, and memory use does not depend on
// its size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/data/streamed_file.hpp"
#include "trainer/data/tokenizer.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

class TokenFile {
public:
    /// Encodes `dataset`, whose digest the caller has checked, into `path`, completely or not at all, on `threads`
    /// threads. A dataset of at least dataset_bytes_min bytes that gives fewer tokens than Plan::tokens_min() is
    /// repeated until there are Plan::tokens_repeated(). `progress` is called with the share done, from 0 to 1.
    static Result<void> write(const std::filesystem::path& path, const std::filesystem::path& dataset,
                              const Hash256& dataset_sha256, const Hash256& tokenizer_sha256,
                              const Tokenizer& tokenizer, const Preset& preset, std::uint32_t threads,
                              const std::function<void(double)>& progress);

    /// An Error when the file is damaged, or was made from another dataset or tokenizer.
    static Result<TokenFile> open(const std::filesystem::path& path, const Hash256& dataset_sha256,
                                  const Hash256& tokenizer_sha256, const Preset& preset);
    TokenFile(TokenFile&& other) noexcept;
    TokenFile& operator=(TokenFile&&) = delete;
    ~TokenFile();

    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// Tokens [first, first + out.size()), which must exist; each is below the preset's vocabulary.
    void copy(std::uint64_t first, std::span<std::int32_t> out) const;

private:
    TokenFile() = default;
    [[nodiscard]] bool within_vocabulary(std::int64_t vocabulary) const;

    void* mapping_ = nullptr;
    std::size_t mapping_bytes_ = 0;
    const std::uint8_t* tokens_ = nullptr;
    std::uint64_t count_ = 0;
    std::size_t width_bytes_ = 2;
};

}  // namespace emeth::trainer
