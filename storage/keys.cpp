#include "storage/keys.hpp"

#include <algorithm>
#include <span>

namespace emeth::storage {

std::string number_key(std::uint64_t number) {
    std::string key;
    append_big_endian(key, number);
    return key;
}

std::string job_key(const JobId& id) {
    return {id.bytes.begin(), id.bytes.end()};
}

std::string history_key(const JobId& id, std::uint64_t sequence) {
    return job_key(id) + number_key(sequence);
}

std::string active_key(const JobId& id) {
    return std::string(active_prefix) + job_key(id);
}

std::string pending_key(std::uint64_t nonce) {
    return std::string(pending_prefix) + number_key(nonce);
}

std::string refusal_key(std::uint64_t counter) {
    return std::string(refusal_prefix) + number_key(counter);
}

std::string replacements_of_nonce(std::uint64_t nonce) {
    return std::string(replacement_prefix) + number_key(nonce);
}

std::string replacement_key(std::uint64_t nonce, std::uint32_t number) {
    std::string key = replacements_of_nonce(nonce);
    append_big_endian(key, number);
    return key;
}

std::optional<JobId> job_of_key(std::string_view key) {
    if (key.size() != JobId::size_bytes) return std::nullopt;
    JobId id;
    std::ranges::transform(key, id.bytes.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
    return id;
}

std::optional<std::uint64_t> number_of_key(std::string_view key) {
    if (key.size() != sizeof(std::uint64_t)) return std::nullopt;
    return read_big_endian<std::uint64_t>(key);
}

std::string printable_key(std::string_view key) {
    const auto printable = [](char byte) { return byte >= ' ' && byte <= '~'; };
    const auto end_of_text = std::ranges::find_if_not(key, printable);
    if (end_of_text == key.end() && !key.empty()) return std::string(key);
    // "active/" and similar prefixes stay readable; the binary part that follows becomes hex.
    const auto slash = std::find(key.begin(), end_of_text, '/');
    const auto text_bytes = slash == end_of_text ? 0 : static_cast<std::size_t>(slash - key.begin()) + 1;
    const auto* binary = reinterpret_cast<const std::uint8_t*>(key.data() + text_bytes);
    return std::string(key.substr(0, text_bytes)) + to_hex(std::span(binary, key.size() - text_bytes));
}

}  // namespace emeth::storage
