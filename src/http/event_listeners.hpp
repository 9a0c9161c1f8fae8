// Who listens to the events of one route, and whether somebody more may. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace emeth::http {

class EventListeners {
public:
    /// One of so many places is left to this machine.
    static constexpr std::size_t own_share = 8;

    EventListeners(std::size_t places_max, std::size_t per_address_max)
        : places_max_(places_max), per_address_max_(per_address_max) {}

    /// What counts for one address (http/connection_limits.hpp); none: this machine's, which are not limited by
    /// address.
    using From = std::optional<std::string>;

    /// Why nobody more may listen from there; none: he may.
    [[nodiscard]] std::optional<std::string> why_not(const From& from) const;

    /// A listener, for as long as it lives. What gave it must outlive it.
    class Place {
    public:
        Place(EventListeners& listeners, From from) : listeners_(listeners), from_(std::move(from)) {
            ++listeners_.count_[from_];
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (--listeners_.count_[from_] == 0) listeners_.count_.erase(from_);
        }

    private:
        EventListeners& listeners_;
        From from_;
    };

private:
    [[nodiscard]] std::size_t from(const From& from) const;

    std::size_t places_max_, per_address_max_;
    std::map<From, std::size_t> count_;
};

}  // namespace emeth::http
