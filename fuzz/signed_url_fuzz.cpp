// Signed URLs: what was signed is accepted until it expires, for its method and path alone; what is accepted carries
// the very signature that signing its path and time gives.
#include <array>
#include <cstdint>
#include <string>

#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "http/router.hpp"
#include "http/signed_url.hpp"
#include "statemachine/types.hpp"

namespace {

using namespace emeth::http;
using emeth::fuzz::require;

void accepted_until_it_expires(const UrlSigner& signer, emeth::fuzz::Input& input) {
    const std::string path = "/objects/" + percent_encoded(input.text());
    const auto expires_at_ms = input.integer<std::int64_t>();
    const auto target = Target::parse(signer.sign("GET", path, expires_at_ms));
    if (target.has_error()) return;  // a control character in the name
    const auto at = [&](std::int64_t now_ms) { return signer.check("GET", path, target->query, now_ms).has_value(); };
    require(at(INT64_MIN) == (expires_at_ms > INT64_MIN), "a signed URL is accepted");
    require(!at(expires_at_ms), "an expired URL is refused");
    require(signer.check("PUT", path, target->query, INT64_MIN).has_error(), "another method is refused");
    require(signer.check("GET", path + "x", target->query, INT64_MIN).has_error(), "another path is refused");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const UrlSigner signer(std::array<std::uint8_t, 32>{1, 2, 3});
    emeth::fuzz::Input input(data, size);
    accepted_until_it_expires(signer, input);

    const auto target = Target::parse("/objects/x?" + std::string(emeth::fuzz::text_of(data, size)));
    if (target.has_error() || signer.check("GET", "/objects/x", target->query, 0).has_error()) return 0;
    const std::string again = signer.sign("GET", "/objects/x", std::stoll(target->query.at("expires")));
    const auto digest = emeth::Hash256::parse(target->query.at("signature"));
    require(digest && again.ends_with(digest->hex().substr(2)), "what is accepted was signed");
    return 0;
}
