// Why a server declines a request: an HTTP status and a sentence for the caller.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace emeth::http {

struct Refusal {
    // Not an aggregate: if a Refusal could be constructed from a number, OrRefusal could not tell it from its value.
    Refusal() = default;
    Refusal(unsigned http_status, std::string sentence) : status(http_status), message(std::move(sentence)) {}

    unsigned status = 400;
    std::string message;
};

/// Holds a T or the reason why there is none.
template <class T = void>
using OrRefusal = boost::system::result<T, Refusal>;

inline Refusal malformed(std::string message) {
    return {400, std::move(message)};
}
inline Refusal forbidden(std::string message) {
    return {403, std::move(message)};
}
inline Refusal not_found(std::string message) {
    return {404, std::move(message)};
}
inline Refusal conflict(std::string message) {
    return {409, std::move(message)};
}

}  // namespace emeth::http
