#include "api_client/result_name.hpp"

#include "api_client/lower_hex.hpp"

namespace emeth::api_client {
namespace {

constexpr std::size_t unbound_digits = 16;
constexpr std::size_t digest_digits = 2 * Hash256::size_bytes;

std::string start_of(const JobId& job) {
    return job.hex().substr(2) + "-";
}

/// What stands between JOB and extension; empty if that is no lower-case hex, or there is nothing.
std::string_view digits_in(std::string_view name, const JobId& job, std::string_view extension) {
    const std::string start = start_of(job);
    if (name.size() <= start.size() + extension.size() || !name.starts_with(start) || !name.ends_with(extension))
        return {};
    const std::string_view digits = name.substr(start.size(), name.size() - start.size() - extension.size());
    return is_lower_hex(digits) ? digits : std::string_view();
}

}  // namespace

std::string bound_result_name(const JobId& job, const Hash256& sha256, std::string_view extension) {
    return start_of(job).append(sha256.hex().substr(2)).append(extension);
}

std::string unbound_result_name(const JobId& job, std::string_view digits, std::string_view extension) {
    return start_of(job).append(digits.substr(0, unbound_digits)).append(extension);
}

bool is_result_name(std::string_view name, const JobId& job, std::string_view extension) {
    const std::size_t digits = digits_in(name, job, extension).size();
    return digits == unbound_digits || digits == digest_digits;
}

std::optional<Hash256> digest_in(std::string_view name, const JobId& job, std::string_view extension) {
    const std::string_view digits = digits_in(name, job, extension);
    return digits.size() == digest_digits ? Hash256::parse(digits) : std::nullopt;
}

}  // namespace emeth::api_client
