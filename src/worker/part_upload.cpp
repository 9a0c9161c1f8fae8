#include "worker/part_upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/client.hpp"
#include "runtime/failpoint.hpp"
#include "statemachine/upload_parts.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker {
Task<Result<std::string>> put_part(PartSource source, std::uint32_t part, std::string url_text,
                                   Milliseconds idle_timeout) {
    const std::uint64_t offset = (part - std::uint64_t{1}) * upload_part_bytes;
    if (offset >= source.bytes)
        co_return transient_error(
            fmt::format("part {} lies beyond the end of the file of {} bytes", part, source.bytes));
    const std::uint64_t length = std::min(upload_part_bytes, source.bytes - offset);
    auto url = http::Url::parse(url_text);
    if (url.has_error()) co_return transient_error(fmt::format("the master's URL for part {} cannot be used", part));
    const std::string what = fmt::format("part {}", part);
    const std::string origin = url->origin();
    Task<Result<http::ClientResponse>> put =
        http::upload_range(std::move(*url), source.file, offset, length, idle_timeout);
    failpoint::before("storage", source.effect);
    const auto response = co_await std::move(put);
    failpoint::after("storage", source.effect);
    if (response.has_error()) co_return in_context(what, response.error());
    if (response->status / 100 != 2) co_return in_context(what, http::status_error(origin, *response));
    const auto etag = response->headers.find("etag");
    if (etag == response->headers.end() || etag->second.empty() ||
        etag->second.size() > worker_protocol::etag_bytes_max)
        co_return transient_error(what + " was answered without a usable ETag");
    co_return etag->second;
}

}  // namespace emeth::worker
