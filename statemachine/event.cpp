#include "statemachine/event.hpp"

#include <array>

namespace emeth::statemachine {
namespace {

constexpr std::array event_names = []<class... Kinds>(const std::variant<Kinds...>*) {
    return std::array{Kinds::name...};
}(static_cast<const EventBody*>(nullptr));

}  // namespace

std::string_view event_name(std::size_t index) {
    return index < event_kinds ? event_names[index] : "unknown";
}

std::string_view name(const EventBody& event) {
    return event_name(event.index());
}

}  // namespace emeth::statemachine
