#include "integration/trainer/workshop.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "crypto/sha256.hpp"
#include "integration/trainer/trainer_process.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::test {

using trainer_protocol::JobSpec;
using trainer_protocol::Trained;

bool full_trials() {
    const char* trials = std::getenv("EMETH_TRIALS");
    return trials != nullptr && std::string_view(trials) == "full";
}

JobSpec example_job(std::uint32_t epochs) {
    return {*JobId::parse("0x5e1f00112233445566778899aabbccdd"), "en", epochs, "nano"};
}

std::string english_text(std::size_t bytes, std::size_t offset) {
    std::string text;
    for (const char* name : {"GPL-3", "LGPL-2.1", "Apache-2.0", "GFDL-1.3", "MPL-2.0", "Artistic", "GPL-2"})
        text += read_text(std::filesystem::path("/usr/share/common-licenses") / name);
    if (text.size() < offset + bytes) throw std::runtime_error("/usr/share/common-licenses holds too little text");
    return text.substr(offset, bytes);
}

std::string japanese_text(std::size_t bytes) {
    const std::vector<std::string> times{"昔々", "ある日", "春の朝", "夏の夜", "秋の夕暮れ", "冬になると", "その後"};
    const std::vector<std::string> people{"おじいさん", "おばあさん", "旅人", "若い漁師",
                                          "お姫様",     "猫",         "狐",   "村の子供たち"};
    const std::vector<std::string> places{"山", "川", "海", "森", "古い寺", "都", "畑", "雪の里"};
    const std::vector<std::string> acts{"歩いていった", "歌をうたった", "花を見つけた", "静かに眠った",
                                        "桃を拾った",   "月を眺めた",   "友達に会った"};
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) {
        text += times[i * 5 % times.size()] + "、" + people[i * i % people.size()] + "は" +
                places[(i / 3 + i * 7) % places.size()] + "へ" + (i % 4 == 0 ? "行き、" : "向かって") +
                acts[(i * 11 + i / 5) % acts.size()] + "。";
        if (i % 3 == 2) text += '\n';
    }
    return text;
}

Bench::Bench(const std::string& text) {
    write_text(folder_ / "dataset", text);
    request.job = example_job();
    request.folder = folder_.path();
    request.dataset_sha256 = crypto::sha256(text);
    request.compute.checkpoint_interval_ms = 1;
}

Trained train_to_end(const Bench& bench, const std::map<std::string, std::string>& environment) {
    const auto report = run_trainer(bench.request, bench.log(), {}, environment);
    if (const auto* failed = std::get_if<trainer_protocol::Failed>(&*report)) throw std::runtime_error(failed->message);
    return std::get<Trained>(*report);
}

std::string evidence_of(const Bench& bench, const Trained& trained, const Hash256& block_hash, std::uint32_t draws) {
    const trainer_protocol::JobSpec& job = bench.request.job;
    const std::uint32_t segments =
        trainer_protocol::segment_count(job.model, trained.artifact.steps, trained.artifact.epochs);
    const auto header = trainer_protocol::evidence_header(block_hash);
    std::string evidence(header.begin(), header.end());
    const auto drawn = trainer_protocol::draw_segments(job.id, block_hash, segments, draws);
    for (const std::uint32_t index : trainer_protocol::states_to_show(drawn, segments)) {
        const std::string file = read_text(trainer_protocol::state_file(bench.path(), index));
        evidence += file.substr(0, file.size() - Hash256::size_bytes);
    }
    return evidence;
}

std::vector<TarEntry> read_tar(const std::filesystem::path& path) {
    const std::unique_ptr<archive, decltype(&archive_read_free)> handle(archive_read_new(), &archive_read_free);
    archive_read_support_format_tar(handle.get());
    if (archive_read_open_filename(handle.get(), path.c_str(), 65536) != ARCHIVE_OK)
        throw std::runtime_error("cannot open " + path.string());
    std::vector<TarEntry> entries;
    archive_entry* entry = nullptr;
    while (archive_read_next_header(handle.get(), &entry) == ARCHIVE_OK) {
        std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
        if (archive_read_data(handle.get(), content.data(), content.size()) != static_cast<la_ssize_t>(content.size()))
            throw std::runtime_error("cannot read " + path.string());
        entries.push_back({archive_entry_pathname(entry), std::move(content)});
    }
    return entries;
}

void write_tar(const std::filesystem::path& path, const std::vector<TarEntry>& entries) {
    const std::unique_ptr<archive, decltype(&archive_write_free)> handle(archive_write_new(), &archive_write_free);
    archive_write_set_format_pax_restricted(handle.get());
    if (archive_write_open_filename(handle.get(), path.c_str()) != ARCHIVE_OK)
        throw std::runtime_error("cannot create " + path.string());
    for (const TarEntry& item : entries) {
        const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                                  &archive_entry_free);
        archive_entry_set_pathname(entry.get(), item.name.c_str());
        archive_entry_set_perm(entry.get(), 0644);
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        switch (item.kind) {
            case TarEntry::Kind::file:
                archive_entry_set_size(entry.get(), static_cast<la_int64_t>(item.content.size()));
                break;
            case TarEntry::Kind::symlink:
                archive_entry_set_filetype(entry.get(), AE_IFLNK);
                archive_entry_set_symlink(entry.get(), item.content.c_str());
                break;
            case TarEntry::Kind::hardlink:
                archive_entry_set_hardlink(entry.get(), item.content.c_str());
                break;
            case TarEntry::Kind::folder:
                archive_entry_set_filetype(entry.get(), AE_IFDIR);
                break;
            case TarEntry::Kind::fifo:
                archive_entry_set_filetype(entry.get(), AE_IFIFO);
                break;
        }
        if (archive_write_header(handle.get(), entry.get()) != ARCHIVE_OK)
            throw std::runtime_error("cannot write a header");
        if (item.kind == TarEntry::Kind::file)
            archive_write_data(handle.get(), item.content.data(), item.content.size());
    }
    archive_write_close(handle.get());
}

std::filesystem::path unpack(const Bench& bench) {
    const std::filesystem::path folder = bench.path() / "model";
    std::filesystem::create_directory(folder);
    for (const TarEntry& entry : read_tar(bench.artifact())) write_text(folder / entry.name, entry.content);
    return folder;
}

std::string& content_of(std::vector<TarEntry>& entries, std::string_view name) {
    for (TarEntry& entry : entries)
        if (entry.name == name) return entry.content;
    throw std::runtime_error("the archive lacks " + std::string(name));
}

boost::json::value manifest_of(std::vector<TarEntry>& entries) {
    return boost::json::parse(content_of(entries, "manifest.json"));
}

void seal(std::vector<TarEntry>& entries, boost::json::value manifest) {
    boost::json::object& digests = manifest.at("members").as_object();
    for (const TarEntry& entry : entries)
        if (digests.contains(entry.name)) digests[entry.name] = crypto::sha256(entry.content).hex();
    content_of(entries, "manifest.json") = boost::json::serialize(manifest);
}

}  // namespace emeth::test
