// Files that hold a secret: only their owner may read them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::crypto {

/// The text of a small file that nobody else can read or replace, without the blanks around it. A link to such a file
/// will do, as mounted secrets are. `what` names the kind of file in errors, which say what to run ("chmod 600 …") and
/// never repeat the content; a path that holds a key by mistake is not repeated either. At most `bytes_max` bytes are
/// read.
Result<std::string> read_secret_file(const std::filesystem::path& file, std::string_view what, std::size_t bytes_max);

}  // namespace emeth::crypto
