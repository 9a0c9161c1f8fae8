#include "ethers_vectors.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <stdexcept>

#include "chain/amount.hpp"

namespace emeth::chain::test {
namespace {

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    if (!pipe) throw std::runtime_error("cannot start: " + command);
    std::string output;
    char piece[65'536];
    for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, pipe.get())) > 0;) output.append(piece, got);
    return output;
}

}  // namespace

const boost::json::object& ethers_vectors() {
    static const boost::json::value vectors = [] {
        const char* source = std::getenv("EMETH_SOURCE_DIR");
        if (source == nullptr) throw std::runtime_error("EMETH_SOURCE_DIR is not set: run this test by ctest");
        const std::string script = std::string(source) + "/tests/support/ethers_vectors.mjs";
        return boost::json::parse(output_of("node '" + script + "' --seed chain --count 200"));
    }();
    return vectors.as_object();
}

const boost::json::array& list(const boost::json::object& parent, std::string_view key) {
    const boost::json::array& rows = parent.at(key).as_array();
    if (rows.empty()) throw std::runtime_error("no vectors of " + std::string(key));
    return rows;
}

const boost::json::object& object(const boost::json::object& parent, std::string_view key) {
    return parent.at(key).as_object();
}

std::string text(const boost::json::value& row, std::string_view key) {
    return std::string(std::string_view(row.as_object().at(key).as_string()));
}

std::uint64_t number(const boost::json::value& row, std::string_view key) {
    return row.as_object().at(key).to_number<std::uint64_t>();
}

std::vector<std::uint8_t> bytes(const boost::json::value& row, std::string_view key) {
    const std::string hex = text(row, key);
    std::vector<std::uint8_t> out(hex.size() / 2 - 1);
    if (!from_hex(hex, out)) throw std::runtime_error("no hex: " + hex);
    return out;
}

Wei amount(const boost::json::value& row, std::string_view key) {
    return parse_wei(text(row, key)).value();
}

std::optional<std::uint64_t> small_number(const boost::json::value& row, std::string_view key) {
    const U256 value = to_u256(amount(row, key));
    if (value > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return static_cast<std::uint64_t>(value);
}

}  // namespace emeth::chain::test
