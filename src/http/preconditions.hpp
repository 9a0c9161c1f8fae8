// What a conditional request asks of the state of a thing (RFC 9110, section 13). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/client.hpp"

namespace emeth::http {

/// How the thing is known; empty: it has none.
struct Validators {
    std::string etag;           ///< "\"strong\"" or "W/\"weak\""
    std::string last_modified;  ///< as http/date.hpp writes it
};

enum class Precondition : std::uint8_t {
    holds,
    not_modified,  ///< 304: the client has it
    failed,        ///< 412: the client wants none but another one
};

/// Of a GET or HEAD, in the order of section 13.2.2. Dates that cannot be read are no conditions.
Precondition evaluate(const Headers& request, const Validators& validators);

/// Whether a Range may be answered with a part: there is no If-Range, or it names this very state.
bool range_applies(const Headers& request, const Validators& validators);

/// "W/\"abc\"" for "\"abc\"": of content whose bytes are not always the same.
std::string weak_etag(std::string_view etag);
/// Only an ETag that is not weak says that all bytes are the same.
bool is_strong_etag(std::string_view etag);

}  // namespace emeth::http
