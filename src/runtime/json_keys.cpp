#include "runtime/json_keys.hpp"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"

namespace emeth {
namespace {

using boost::json::error_code;
using boost::json::string_view;

constexpr std::size_t shown_key_bytes_max = 64;

/// What Boost's parser calls; it is interested in keys only.
struct KeyHandler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_object_begin(error_code&) {
        open.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, error_code&) {
        open.pop_back();
        return true;
    }
    bool on_key_part(string_view part, std::size_t, error_code&) {
        key.append(part.data(), part.size());
        return true;
    }
    bool on_key(string_view part, std::size_t, error_code&) {
        key.append(part.data(), part.size());
        if (!open.back().insert(key).second && !twice) twice = key;
        key.clear();
        return true;
    }

    static bool on_document_begin(error_code&) { return true; }
    static bool on_document_end(error_code&) { return true; }
    static bool on_array_begin(error_code&) { return true; }
    static bool on_array_end(std::size_t, error_code&) { return true; }
    static bool on_string_part(string_view, std::size_t, error_code&) { return true; }
    static bool on_string(string_view, std::size_t, error_code&) { return true; }
    static bool on_number_part(string_view, error_code&) { return true; }
    static bool on_int64(std::int64_t, string_view, error_code&) { return true; }
    static bool on_uint64(std::uint64_t, string_view, error_code&) { return true; }
    static bool on_double(double, string_view, error_code&) { return true; }
    static bool on_bool(bool, error_code&) { return true; }
    static bool on_null(error_code&) { return true; }
    static bool on_comment_part(string_view, error_code&) { return true; }
    static bool on_comment(string_view, error_code&) { return true; }

    std::vector<std::set<std::string, std::less<>>> open;  ///< the keys of each object that is open
    std::string key;                                       ///< as far as it was read
    std::optional<std::string> twice;
};

}  // namespace

Result<void> require_unique_keys(std::string_view json, std::string_view what) {
    boost::json::parse_options options;
    options.max_depth = json_depth_max;
    boost::json::basic_parser<KeyHandler> parser(options);
    error_code error;
    parser.write_some(false, json.data(), json.size(), error);
    if (error) return permanent_error(fmt::format("{} is not valid JSON: {}", what, error.message()));
    const std::optional<std::string>& twice = parser.handler().twice;
    if (!twice) return {};
    return permanent_error(
        fmt::format("{}: field '{}' is given twice", what, one_line(twice->substr(0, shown_key_bytes_max))));
}

}  // namespace emeth
