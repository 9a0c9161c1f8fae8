#include "node/market/priority.hpp"

#include <algorithm>
#include <array>

namespace emeth::node {
namespace {

bool by_fee(const Prospect& a, const Prospect& b) {
    return a.fee > b.fee;
}

constexpr std::array table{Priority{"fee", by_fee}};

}  // namespace

std::span<const Priority> priorities() {
    return table;
}

const Priority* find_priority(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Priority::name);
    return found == table.end() ? nullptr : &*found;
}

void rank(std::vector<Prospect>& prospects, const Priority& priority) {
    std::ranges::sort(prospects, [&](const Prospect& a, const Prospect& b) {
        if (priority.precedes(a, b)) return true;
        return !priority.precedes(b, a) && a.id < b.id;
    });
}

}  // namespace emeth::node
