// Archives: any bytes are refused, or hold files with rules, within them; the same files, packed again, are found
// again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/property.hpp"
#include "trainer/formats/archive.hpp"

namespace {

using namespace emeth::trainer;
using emeth::fuzz::require;

constexpr std::uint64_t bytes_max = 2'000;

/// A file in memory that holds `bytes`.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("archive", MFD_CLOEXEC)) {
        require(::write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
                "memory is there");
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    [[nodiscard]] std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

using Members = std::map<std::string, std::string>;

/// With the content of the member that is streamed.
emeth::Result<Members> read(const std::filesystem::path& file) {
    std::string streamed;
    const MemberRules rules{
        {"manifest.json", {.bytes_max = bytes_max}},
        {"model.safetensors", {.bytes_max = bytes_max}},
        {"log", {.bytes_max = bytes_max, .sink = [&](std::string_view piece) -> emeth::Result<void> {
                     streamed += piece;
                     return {};
                 }}}};
    auto members = read_archive(file, rules);
    if (members && members->contains("log")) (*members)["log"] = streamed;
    return members;
}

emeth::Result<Members> packed_and_read(const Members& members) {
    static const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("emeth-fuzz-" + std::to_string(::getpid()) + ".tar");
    std::vector<ArchiveMember> list;
    for (const auto& [name, content] : members) list.push_back({name, content});
    require(write_archive(file, list).has_value(), "an archive can be written");
    auto again = read(file);
    std::filesystem::remove(file);
    return again;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const MemoryFile file(emeth::fuzz::text_of(data, size));
    const auto one = read_archive_member(file.path(), "manifest.json", bytes_max);
    require(one.has_error() || one->size() <= bytes_max, "a member is within its bounds");
    const auto members = read(file.path());
    if (members.has_error()) return 0;
    for (const auto& [name, content] : *members) require(content.size() <= bytes_max, "a member is within its rule");
    const auto found = members->find("manifest.json");
    require(found == members->end() || (one && *one == found->second), "a member alone is the same");
    const auto again = packed_and_read(*members);
    require(again.has_value() && *again == *members, "members are the same after they were packed again");
    return 0;
}
