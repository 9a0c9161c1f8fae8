#include "node/market/drain.hpp"

#include <optional>
#include <string>

namespace emeth::node {
namespace {

constexpr std::string_view cursor = "drained";

}  // namespace

Result<bool> is_drained(storage::Notes& notes) {
    const Result<std::optional<std::string>> noted = notes.cursor(cursor);
    if (noted.has_error()) return noted.error();
    return *noted == "yes";
}

Result<void> set_drained(storage::Notes& notes, bool drained) {
    return notes.set_cursor(cursor, drained ? "yes" : "no");
}

}  // namespace emeth::node
