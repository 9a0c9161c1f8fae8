// Why a JOB is not taken.
#pragma once

#include <string>
#include <utility>

namespace emeth::node {

struct Refused {
    std::string reason;    ///< one sentence with the numbers
    bool lasting = false;  ///< the JOB itself is unfit: waiting will not change that
};

inline Refused refused_for_good(std::string reason) {
    return {std::move(reason), true};
}
inline Refused refused_for_now(std::string reason) {
    return {std::move(reason), false};
}

}  // namespace emeth::node
