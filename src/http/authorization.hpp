// How a client says who it is (RFC 7617 basic, RFC 6750 bearer). Pure. Neither errors nor logs ever show any of it.
#pragma once

#include <string>
#include <string_view>

#include "http/client.hpp"
#include "runtime/result.hpp"

namespace emeth::http {

/// The value of the header Authorization for `text`: "basic USER:PASSWORD" or "bearer TOKEN", as an operator writes it.
Result<std::string> read_authorization(std::string_view text);

/// A URL, and who asks there.
struct UrlWithLogin {
    Url url;
    std::string authorization;  ///< the value of the header; empty: the URL names no user
};

/// As Url::parse(), but takes http://user:password@host, too, where %XX stands for a character as everywhere in a URL.
Result<UrlWithLogin> parse_url_with_login(std::string_view text);

}  // namespace emeth::http
