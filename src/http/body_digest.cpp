#include "http/body_digest.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "crypto/md5.hpp"
#include "http/base64.hpp"
#include "http/header_text.hpp"

namespace emeth::http {
namespace {

std::string text_of(std::span<const std::uint8_t> bytes) {
    return base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Refusal another(std::string_view header, std::string_view said, std::string_view came) {
    return malformed(fmt::format("{} says {}, but {} came; send the body again", header, said, came));
}

/// `header`: "sha-256=:<base64>:, …". Other algorithms are not for us to judge.
OrRefusal<void> check_sha256(const ServerRequest& request, const std::string& header) {
    constexpr std::string_view key = "sha-256=";
    const std::string expected = fmt::format(":{}:", text_of(request.file->sha256.bytes));
    std::string_view rest = request.header(header);
    while (!rest.empty()) {
        const std::string_view member = take_until(rest, ',');
        if (member.starts_with(key) && member.substr(key.size()) != expected)
            return another(header, member.substr(key.size()), expected);
    }
    return {};
}

OrRefusal<void> check_md5(const ServerRequest& request) {
    const std::string_view said = trimmed(request.header("content-md5"));
    if (said.empty()) return {};
    const Result<std::string> md5 = crypto::md5_of_range(request.file->path, 0, request.file->bytes);
    if (md5.has_error()) return Refusal{507, md5.error().message};
    std::array<std::uint8_t, 16> bytes{};
    from_hex(*md5, bytes);
    if (said != text_of(bytes)) return another("content-md5", said, text_of(bytes));
    return {};
}

}  // namespace

OrRefusal<void> check_body_digest(const ServerRequest& request) {
    for (const char* header : {"content-digest", "repr-digest"}) {
        const OrRefusal<void> checked = check_sha256(request, header);
        if (checked.has_error()) return checked;
    }
    return check_md5(request);
}

}  // namespace emeth::http
