// Answers in gzip for clients that accept it (RFC 9110, section 12.5.3). Pure.
#pragma once

#include <string>
#include <string_view>

namespace emeth::http {

/// Whether a client with this Accept-Encoding takes gzip, and likes it no less than the plain content.
bool accepts_gzip(std::string_view accept_encoding);

/// Fast rather than small: it runs on the io thread.
std::string gzip(std::string_view text);

}  // namespace emeth::http
