// Where an answer sends a request on to. Pure; RFC 9110, section 15.4.
#pragma once

#include <optional>

#include "http/client.hpp"

namespace emeth::http {

/// A longer chain of redirects is an error.
inline constexpr int redirects_max = 5;

/// The next URL of a request to `url` that was answered by `status` and `headers`; none if that is the answer: no 301,
/// 302, 307 or 308 with a Location. Method and body stay the same. A transient Error, which names both origins, for
/// what is not followed: from https to http, to no usable URL, and, if the request `carries_credentials` (a signature
/// in its body, an Authorization header), to another host or port; from http to https on the same host is allowed.
Result<std::optional<Url>> redirection(const Url& url, unsigned status, const Headers& headers,
                                       bool carries_credentials);

Error too_many_redirects(const Url& url);

}  // namespace emeth::http
