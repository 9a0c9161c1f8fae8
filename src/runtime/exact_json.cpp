#include "runtime/exact_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

namespace emeth {
namespace {

using boost::json::error_code;
using boost::json::string_view;

/// Builds the value, as Boost's own handler does, but for doubles.
struct ExactHandler {
    static constexpr std::size_t max_object_size = boost::json::object::max_size();
    static constexpr std::size_t max_array_size = boost::json::array::max_size();
    static constexpr std::size_t max_key_size = boost::json::string::max_size();
    static constexpr std::size_t max_string_size = boost::json::string::max_size();

    bool on_object_end(std::size_t members, error_code&) {
        values.push_object(members);
        return true;
    }
    bool on_array_end(std::size_t elements, error_code&) {
        values.push_array(elements);
        return true;
    }
    bool on_key_part(string_view part, std::size_t, error_code&) {
        values.push_chars(part);
        return true;
    }
    bool on_key(string_view rest, std::size_t, error_code&) {
        values.push_key(rest);
        return true;
    }
    bool on_string_part(string_view part, std::size_t, error_code&) {
        values.push_chars(part);
        return true;
    }
    bool on_string(string_view rest, std::size_t, error_code&) {
        values.push_string(rest);
        return true;
    }
    bool on_number_part(string_view part, error_code&) {
        number.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t integer, string_view, error_code&) {
        number.clear();
        values.push_int64(integer);
        return true;
    }
    bool on_uint64(std::uint64_t integer, string_view, error_code&) {
        number.clear();
        values.push_uint64(integer);
        return true;
    }
    bool on_double(double nearly, string_view rest, error_code& error) {
        number.append(rest.data(), rest.size());
        double exact = nearly;  // which stays where the text is out of range: then it is 0 or infinite
        std::from_chars(number.data(), number.data() + number.size(), exact);
        number.clear();
        if (!std::isfinite(exact)) {
            error = boost::json::error::exponent_overflow;
            return false;
        }
        values.push_double(exact);
        return true;
    }
    bool on_bool(bool truth, error_code&) {
        values.push_bool(truth);
        return true;
    }
    bool on_null(error_code&) {
        values.push_null();
        return true;
    }

    static bool on_document_begin(error_code&) { return true; }
    static bool on_document_end(error_code&) { return true; }
    static bool on_object_begin(error_code&) { return true; }
    static bool on_array_begin(error_code&) { return true; }
    static bool on_comment_part(string_view, error_code&) { return true; }
    static bool on_comment(string_view, error_code&) { return true; }

    boost::json::value_stack values;
    std::string number;  ///< as far as it was read
};

}  // namespace

boost::json::value parse_exactly(std::string_view text, std::size_t depth_max, boost::system::error_code& error) {
    boost::json::parse_options options;
    options.max_depth = depth_max;
    boost::json::basic_parser<ExactHandler> parser(options);
    parser.handler().values.reset();
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read < text.size()) error = boost::json::error::extra_data;
    if (error) return {};
    return parser.handler().values.release();
}

}  // namespace emeth
