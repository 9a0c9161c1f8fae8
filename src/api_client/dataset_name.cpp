#include "api_client/dataset_name.hpp"

#include "api_client/lower_hex.hpp"

namespace emeth::api_client {
namespace {

constexpr std::string_view extension = ".txt";
constexpr std::size_t job_digits = 2 * JobId::size_bytes;
constexpr std::size_t address_digits = 2 * Address::size_bytes;

}  // namespace

std::string dataset_name(const JobId& job, const Address& uploader) {
    return job.hex().substr(2).append("-").append(uploader.hex().substr(2)).append(extension);
}

std::optional<Address> uploader_of(std::string_view dataset) {
    if (dataset.size() != job_digits + 1 + address_digits + extension.size()) return std::nullopt;
    const std::string_view job = dataset.substr(0, job_digits);
    const std::string_view address = dataset.substr(job_digits + 1, address_digits);
    if (!is_lower_hex(job) || !is_lower_hex(address) || dataset[job_digits] != '-' || !dataset.ends_with(extension))
        return std::nullopt;
    return Address::parse(address);
}

}  // namespace emeth::api_client
