#include "network/storage_api/upload_size.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/parse_number.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

constexpr std::uint64_t rounding_bytes_max = 65'536;
constexpr std::string_view bounded_mark = "max-";

}  // namespace

std::string PartLength::text() const {
    return is_exact ? std::to_string(bytes_max) : fmt::format("{}{}", bounded_mark, bytes_max);
}

std::optional<PartLength> PartLength::parse(std::string_view text) {
    PartLength length;
    length.is_exact = !text.starts_with(bounded_mark);
    if (!length.is_exact) text.remove_prefix(bounded_mark.size());
    const auto bytes = parse_number<std::uint64_t>(text);
    if (!bytes) return std::nullopt;
    length.bytes_max = *bytes;
    return length;
}

PartLength UploadSize::length_of(std::uint32_t part) const {
    return part < parts ? PartLength{upload_part_bytes, true} : last_part;
}

std::uint64_t UploadSize::bytes_max() const {
    return (parts - 1) * upload_part_bytes + last_part.bytes_max;
}

UploadSize upload_size_of(std::uint64_t bytes) {
    const std::uint32_t parts = upload_parts_of(bytes);
    return {parts, {bytes - std::min(bytes, (parts - 1) * upload_part_bytes), true}};
}

UploadSize read_upload_size(JsonObject& request) {
    const double part_number = request.number("partNum");
    if (!(part_number >= 0) || part_number > upload_parts_max) {
        request.reject("partNum",
                       fmt::format("the file's size divided by {}, at most {}", upload_part_bytes, upload_parts_max));
        return {};
    }
    UploadSize size;
    size.parts = std::max(std::uint32_t{1}, static_cast<std::uint32_t>(std::ceil(part_number)));
    const std::optional<std::uint64_t> bytes = request.optional_u64("bytes", 0, upload_parts_max * upload_part_bytes);
    if (bytes) {
        if (upload_parts_of(*bytes) != size.parts)
            request.reject("bytes", fmt::format("the size of a file of {} parts, as partNum says", size.parts));
        return upload_size_of(*bytes);
    }
    const double last = (part_number - std::floor(part_number)) * static_cast<double>(upload_part_bytes);
    size.last_part.bytes_max =
        last == 0 ? upload_part_bytes
                  : std::min(upload_part_bytes, static_cast<std::uint64_t>(std::ceil(last)) + rounding_bytes_max);
    return size;
}

}  // namespace emeth::network
