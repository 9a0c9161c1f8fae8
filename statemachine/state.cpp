#include "statemachine/state.hpp"

namespace emeth::statemachine {

std::string_view name(State state) {
    switch (state) {
        case State::discovered:
            return "discovered";
        case State::accepted:
            return "accepted";
        case State::downloading:
            return "downloading";
        case State::training:
            return "training";
        case State::submitted:
            return "submitted";
        case State::verified:
            return "verified";
        case State::failed:
            return "failed";
        case State::timed_out:
            return "timed_out";
        case State::declined:
            return "declined";
        case State::canceled:
            return "canceled";
        case State::lost:
            return "lost";
        case State::skipped:
            return "skipped";
    }
    return "unknown";
}

bool is_end(State state) {
    switch (state) {
        case State::discovered:
        case State::accepted:
        case State::downloading:
        case State::training:
        case State::submitted:
            return false;
        case State::verified:
        case State::failed:
        case State::timed_out:
        case State::declined:
        case State::canceled:
        case State::lost:
        case State::skipped:
            return true;
    }
    return false;
}

bool holds_deposit(State state) {
    switch (state) {
        case State::accepted:
        case State::downloading:
        case State::training:
        case State::submitted:
            return true;
        case State::discovered:
        case State::verified:
        case State::failed:
        case State::timed_out:
        case State::declined:
        case State::canceled:
        case State::lost:
        case State::skipped:
            return false;
    }
    return false;
}

}  // namespace emeth::statemachine
