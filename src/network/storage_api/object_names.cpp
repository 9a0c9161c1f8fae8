#include "network/storage_api/object_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace emeth::network {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
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

std::optional<JobId> job_of_object(std::string_view name) {
    constexpr std::size_t digits = 2 * JobId::size_bytes;
    if (name.size() <= digits || name[digits] != '-') return std::nullopt;
    return JobId::parse(name.substr(0, digits));
}

bool is_extension(std::string_view text) {
    return text.size() >= 2 && text.size() <= extension_bytes_max && text.front() == '.' &&
           std::all_of(text.begin() + 1, text.end(), is_letter_or_digit);
}

std::string object_path(ObjectKind kind, std::string_view name) {
    return fmt::format("/objects/{}/{}", network::name(kind), name);
}

std::string put_dataset_path(std::string_view name, std::string_view sha256, std::string_view bytes) {
    return fmt::format("{}/{}/{}", object_path(ObjectKind::dataset, name), sha256, bytes);
}

std::string put_part_path(std::string_view address, std::string_view job, std::string_view upload_key,
                          std::string_view part, std::string_view length) {
    return fmt::format("/objects/upload/{}/{}/{}/{}/{}", address, job, upload_key, part, length);
}

}  // namespace emeth::network
