#include "http/content_coding.hpp"

#include <zlib.h>

#include <boost/beast/core/string.hpp>
#include <optional>
#include <stdexcept>

#include "http/header_text.hpp"

namespace emeth::http {
namespace {

constexpr int gzip_window = 15 + 16;  // of zlib: the largest window, in gzip's wrapping
constexpr int memory_level = 8;       // zlib's default
constexpr int quality_max = 1'000;

/// Thousandths of "0", "0.5" or "1.000"; 0, "not acceptable", for what is none of these.
int quality(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    if (text.size() > 1 && text[1] != '.') return 0;
    int value = (text[0] - '0') * quality_max;
    int unit = quality_max / 10;
    for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
        if (text[i] < '0' || text[i] > '9') return 0;
        value += (text[i] - '0') * unit;
    }
    return value > quality_max ? 0 : value;
}

/// Of the parameters after a coding, which have a "q" at most.
int quality_in(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view parameter = take_until(parameters, ';');
        const std::string_view name = take_until(parameter, '=');
        if (boost::beast::iequals(name, "q")) return quality(trimmed(parameter));
    }
    return quality_max;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
    std::optional<int> gzip_quality, any_quality, plain_quality;
    while (!accept_encoding.empty()) {
        std::string_view entry = take_until(accept_encoding, ',');
        const std::string_view coding = take_until(entry, ';');
        const int value = quality_in(entry);
        if (boost::beast::iequals(coding, "gzip") || boost::beast::iequals(coding, "x-gzip")) gzip_quality = value;
        if (boost::beast::iequals(coding, "identity")) plain_quality = value;
        if (coding == "*") any_quality = value;
    }
    const int wanted = gzip_quality.value_or(any_quality.value_or(0));
    return wanted > 0 && wanted >= plain_quality.value_or(0);
}

std::string gzip(std::string_view text) {
    z_stream stream{};
    if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("zlib: deflateInit2 failed: there is no memory");
    std::string packed(::deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // not written to
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const int result = ::deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    ::deflateEnd(&stream);
    if (result != Z_STREAM_END) throw std::runtime_error("zlib: deflate did not end");
    return packed;
}

}  // namespace emeth::http
