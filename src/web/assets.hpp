// The files of our pages, which the build embeds into the program (src/web/embed.mjs). Constant.
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

/// Of a node.
std::span<const Asset> dashboard_files();
/// Of a network, or of one of its servers by itself.
std::span<const Asset> network_files();

}  // namespace emeth::web
