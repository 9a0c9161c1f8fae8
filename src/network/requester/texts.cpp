#include "network/requester/texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "runtime/whole_characters.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t texts_max = 10'000;

Result<void> append(std::string& out, const fs::path& file, std::uint64_t offset, std::uint64_t bytes_max) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(offset));
    if (!in) return permanent_error("cannot read " + file.string());
    const std::size_t before = out.size();
    out.resize(before + bytes_max);
    in.read(out.data() + before, static_cast<std::streamsize>(bytes_max));
    out.resize(before + static_cast<std::size_t>(in.gcount()));
    return {};
}

}  // namespace

std::vector<fs::path> texts_in(const fs::path& folder) {
    std::vector<fs::path> texts;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end && texts.size() < texts_max;
         entry.increment(error))
        if (entry->is_regular_file(error)) texts.push_back(entry->path());
    std::sort(texts.begin(), texts.end());
    return texts;
}

Result<std::string> cut_text(const std::vector<fs::path>& texts, std::uint64_t bytes, Random& random) {
    if (texts.empty()) return permanent_error("there is no text");
    std::size_t index =
        std::min(static_cast<std::size_t>(random.unit() * static_cast<double>(texts.size())), texts.size() - 1);
    std::error_code unreadable;
    const std::uint64_t first_bytes = fs::file_size(texts[index], unreadable);
    if (unreadable) return permanent_error(fmt::format("{}: {}", texts[index].string(), unreadable.message()));
    const std::uint64_t spare = first_bytes > bytes ? first_bytes - bytes : 0;
    auto offset = static_cast<std::uint64_t>(random.unit() * static_cast<double>(spare));
    std::string cut;
    cut.reserve(bytes);
    for (std::size_t empty_in_a_row = 0; cut.size() < bytes; index = (index + 1) % texts.size(), offset = 0) {
        const std::size_t before = cut.size();
        if (auto read = append(cut, texts[index], offset, bytes - before); read.has_error()) return read.error();
        empty_in_a_row = cut.size() == before ? empty_in_a_row + 1 : 0;
        if (empty_in_a_row == texts.size())
            return permanent_error("all texts in " + texts[index].parent_path().string() + " are empty");
    }
    return std::string(whole_characters(cut));
}

}  // namespace emeth::network
