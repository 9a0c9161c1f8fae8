// What may be shown of a value that is refused: an operator's mistake must not put a key or a password into a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace emeth {

/// `text` for an error message, fit for a terminal and at most about `bytes_max` bytes long. Left out are what looks
/// like a private key (more hex digits in a row than an address has), user name and password of a URL or of something
/// like one ("user:password@host"), the path of a URL, which may hold a provider's key, and whatever follows a '?',
/// which may be a permission.
std::string redacted(std::string_view text, std::size_t bytes_max = 200);

}  // namespace emeth
