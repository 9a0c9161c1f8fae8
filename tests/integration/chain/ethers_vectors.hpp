// The vectors that tests/support/ethers_vectors.mjs makes with ethers.js: what a peer says about the same values.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statemachine/types.hpp"

namespace emeth::chain::test {

/// Runs node once for the whole program.
const boost::json::object& ethers_vectors();

/// A list of objects inside of `parent`.
const boost::json::array& list(const boost::json::object& parent, std::string_view key);
const boost::json::object& object(const boost::json::object& parent, std::string_view key);

std::string text(const boost::json::value& row, std::string_view key);
std::uint64_t number(const boost::json::value& row, std::string_view key);
std::vector<std::uint8_t> bytes(const boost::json::value& row, std::string_view key);
/// A decimal string.
Wei amount(const boost::json::value& row, std::string_view key);
/// The same, when it fits.
std::optional<std::uint64_t> small_number(const boost::json::value& row, std::string_view key);

template <class Fixed>
Fixed fixed(const boost::json::value& row, std::string_view key) {
    return Fixed::parse(text(row, key)).value();
}

}  // namespace emeth::chain::test
