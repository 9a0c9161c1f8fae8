#include "http/part_upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "crypto/md5.hpp"
#include "http/client.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::http {
namespace {

constexpr std::size_t md5_digits = 32;

/// Whether the part arrived as it was sent, as far as the answer tells.
Task<Result<void>> check_received(PartPorts ports, PartSource source, std::uint64_t offset, std::uint64_t length,
                                  std::optional<std::string> received) {
    if (!received) co_return Result<void>{};
    auto hash = [file = source.file, offset, length] { return crypto::md5_of_range(file, offset, length); };
    const Result<std::string> sent = co_await ports.pool.run(std::move(hash));
    if (sent.has_error() && sent.error().kind == ErrorKind::permanent)
        co_return Result<void>{};  // there is no MD5 here
    if (sent.has_error()) co_return sent.error();
    if (*sent == *received) {
        ports.doubted.confirm();
        co_return Result<void>{};
    }
    if (ports.doubted.is_no_md5(*sent, *received)) {
        spdlog::info("the ETag {} for bytes of the MD5 {}: the server's ETags are no MD5", *received, *sent);
        co_return Result<void>{};
    }
    co_return transient_error(
        fmt::format("arrived damaged: its ETag is the MD5 {}, but {} was sent", *received, *sent));
}

}  // namespace

std::optional<std::string> claimed_md5(const std::map<std::string, std::string>& answer_headers) {
    const auto etag = answer_headers.find("etag");
    if (etag == answer_headers.end()) return std::nullopt;
    if (answer_headers.contains("x-amz-server-side-encryption-customer-algorithm")) return std::nullopt;
    const auto encryption = answer_headers.find("x-amz-server-side-encryption");
    if (encryption != answer_headers.end() && encryption->second.starts_with("aws:kms")) return std::nullopt;
    std::string digits = etag->second;
    if (digits.size() == md5_digits + 2 && digits.front() == '"' && digits.back() == '"')
        digits = digits.substr(1, md5_digits);
    const bool is_hex =
        std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (digits.size() != md5_digits || !is_hex) return std::nullopt;
    std::transform(digits.begin(), digits.end(), digits.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return digits;
}

Task<Result<std::string>> put_part(PartPorts ports, PartSource source, std::uint32_t part, std::string url_text,
                                   Milliseconds idle_timeout) {
    const std::uint64_t offset = (part - std::uint64_t{1}) * upload_part_bytes;
    if (offset >= source.bytes)
        co_return transient_error(
            fmt::format("part {} lies beyond the end of the file of {} bytes", part, source.bytes));
    const std::uint64_t length = std::min(upload_part_bytes, source.bytes - offset);
    auto url = Url::parse(url_text);
    if (url.has_error()) co_return transient_error(fmt::format("the URL for part {} cannot be used", part));
    const std::string what = fmt::format("part {}", part);
    const std::string origin = url->origin();
    Task<Result<ClientResponse>> put = upload_range(std::move(*url), source.file, offset, length, idle_timeout);
    failpoint::before("storage", source.effect);
    const auto response = co_await std::move(put);
    failpoint::after("storage", source.effect);
    if (response.has_error()) co_return in_context(what, response.error());
    if (!is_success(response->status)) co_return in_context(what, status_error(origin, *response));
    const auto etag = response->headers.find("etag");
    if (etag == response->headers.end() || etag->second.empty() || etag->second.size() > upload_etag_bytes_max)
        co_return transient_error(what + " was answered without a usable ETag");
    auto checking = check_received(ports, source, offset, length, claimed_md5(response->headers));
    const Result<void> received = co_await std::move(checking);
    if (received.has_error()) co_return in_context(what, received.error());
    co_return etag->second;
}

}  // namespace emeth::http
