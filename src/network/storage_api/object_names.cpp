#include "network/storage_api/object_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api_client/storage_api_client.hpp"

namespace emeth::network {
namespace {

constexpr std::size_t upload_digits = 16;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

bool is_lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string_view name(ObjectKind kind) {
    switch (kind) {
        case ObjectKind::dataset:
            return "dataset";
        case ObjectKind::result:
            return "result";
    }
    return "";
}

bool is_object_name(std::string_view name) {
    return !name.empty() && name.size() <= object_name_bytes_max && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), is_name_character);
}

bool is_known_extension(std::string_view extension) {
    return extension == api_client::result_extension || extension == api_client::evidence_extension;
}

std::string result_name(const JobId& job, std::string_view upload_key, std::string_view extension) {
    return plain_hex(job).append("-").append(upload_key.substr(0, upload_digits)).append(extension);
}

bool is_result_of(std::string_view name, const JobId& job, std::string_view extension) {
    const std::string start = plain_hex(job) + "-";
    return name.size() == start.size() + upload_digits + extension.size() && name.starts_with(start) &&
           name.ends_with(extension) && is_lower_hex(name.substr(start.size(), upload_digits));
}

std::string object_path(ObjectKind kind, std::string_view name) {
    return fmt::format("/objects/{}/{}", network::name(kind), name);
}

std::string put_dataset_path(std::string_view name, std::string_view sha256, std::string_view bytes) {
    return fmt::format("{}/{}/{}", object_path(ObjectKind::dataset, name), sha256, bytes);
}

std::string put_part_path(std::string_view job, std::string_view upload_key, std::string_view part) {
    return fmt::format("/objects/upload/{}/{}/{}", job, upload_key, part);
}

}  // namespace emeth::network
