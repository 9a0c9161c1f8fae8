// The dashboard's files, which the build embeds into the program (src/web/embed.mjs). Constant.
#pragma once

#include <span>
#include <string_view>

namespace emeth::web {

struct Asset {
    std::string_view path;  ///< "/", "/assets/app.js"
    std::string_view content_type;
    std::string_view bytes;
    std::string_view etag;  ///< of the bytes, in quotes
};

std::span<const Asset> assets();

}  // namespace emeth::web
