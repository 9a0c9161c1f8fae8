#include "network/storage_api/part_checks.hpp"

#include <fmt/format.h>

namespace emeth::network {
namespace {

std::string_view unquoted(std::string_view etag) {
    const bool is_quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
    return is_quoted ? etag.substr(1, etag.size() - 2) : etag;
}

}  // namespace

OrRefusal<std::uint64_t> check_parts(const UploadSize& size, const std::vector<std::optional<StoredPart>>& parts) {
    std::uint64_t total = 0;
    for (std::uint32_t number = 1; number <= size.parts; ++number) {
        if (number > parts.size() || !parts[number - 1])
            return http::conflict(fmt::format("part {} of {} is missing", number, size.parts));
        const std::uint64_t bytes = parts[number - 1]->bytes;
        const PartLength length = size.length_of(number);
        if (!length.allows(bytes))
            return http::conflict(fmt::format("part {} has {} bytes, but must have {}{}", number, bytes,
                                              length.is_exact ? "" : "at most ", length.bytes_max));
        if (bytes == 0 && number > 1) return http::conflict(fmt::format("part {}, the last one, is empty", number));
        total += bytes;
    }
    return total;
}

OrRefusal<void> check_listed(const UploadSize& size, std::size_t listed) {
    if (listed == size.parts) return {};
    return http::malformed(fmt::format("{} parts are listed; the upload has {}", listed, size.parts));
}

Refusal another_part(std::uint32_t number) {
    return http::conflict(fmt::format("part {} is another than its ETag says; upload it again", number));
}

bool is_same_etag(std::string_view one, std::string_view other) {
    return unquoted(one) == unquoted(other);
}

}  // namespace emeth::network
