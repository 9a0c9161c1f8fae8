// JSON whose numbers are read as they were written. Boost 1.81's own reading of a number with a fraction is off by one
// in the last place for one in nine of them, so that a value changes when it is stored and read back. (Versions from
// 1.83 on have an option.)
#pragma once

#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <string_view>

namespace emeth {

/// As boost::json::parse() with this max_depth, but each double is the nearest to its text, and a number beyond the
/// largest double is an error: JSON has no way to write infinity again.
boost::json::value parse_exactly(std::string_view text, std::size_t depth_max, boost::system::error_code& error);

}  // namespace emeth
