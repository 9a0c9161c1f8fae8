// JOBs, datasets and archives for the trainer's tests.
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::test {

/// Whether trials are to be made in full number, as `./emeth test --label long` does.
bool full_trials();

/// A JOB on real English text: the licences that every Debian system has.
trainer_protocol::JobSpec example_job(std::uint32_t epochs = 2);
/// `bytes` of that text, beginning at `offset`.
std::string english_text(std::size_t bytes, std::size_t offset = 0);

/// About `bytes` of Japanese: sentences made from lists of words, the same each time.
std::string japanese_text(std::size_t bytes);

/// A folder with a dataset, and the request to train on it. It saves a checkpoint after almost every step.
class Bench {
public:
    explicit Bench(const std::string& text = english_text(64'000));
    [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }
    [[nodiscard]] std::filesystem::path log() const { return folder_ / "log"; }
    [[nodiscard]] std::filesystem::path artifact() const { return folder_ / "artifact.tar"; }

    trainer_protocol::TrainRequest request;

private:
    TemporaryFolder folder_;
};

/// Trains to the end; throws on Failed.
trainer_protocol::Trained train_to_end(const Bench& bench, const std::map<std::string, std::string>& environment = {});

/// A node's evidence for the draw of `block_hash`: the states that the trainer left in `folder`, in one file.
std::string evidence_of(const Bench& bench, const trainer_protocol::Trained& trained, const Hash256& block_hash,
                        std::uint32_t draws);

struct TarEntry {
    std::string name;
    std::string content;
    enum class Kind { file, symlink, hardlink, folder, fifo } kind = Kind::file;
};
std::vector<TarEntry> read_tar(const std::filesystem::path& path);
void write_tar(const std::filesystem::path& path, const std::vector<TarEntry>& entries);

/// The artifact of a finished JOB as a folder, "model" in the JOB's folder.
std::filesystem::path unpack(const Bench& bench);

/// The content of one entry, to read or to change.
std::string& content_of(std::vector<TarEntry>& entries, std::string_view name);
boost::json::value manifest_of(std::vector<TarEntry>& entries);
/// Stores the manifest with the digests of the entries as they are now, as a careful forger would.
void seal(std::vector<TarEntry>& entries, boost::json::value manifest);

}  // namespace emeth::test
