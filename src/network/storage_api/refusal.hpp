// Why the Storage API does not do what it was asked: an HTTP status and a sentence.
#pragma once

#include <boost/json/value.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <utility>

#include "http/server.hpp"
#include "runtime/result.hpp"

namespace emeth::network {

struct Refusal {
    // No aggregate: a Refusal must not be constructible from a number, or Outcome could not tell it from its value.
    Refusal() = default;
    Refusal(unsigned http_status, std::string sentence) : status(http_status), message(std::move(sentence)) {}

    unsigned status = 400;
    std::string message;
};

/// Holds a T or a Refusal.
template <class T = void>
using Outcome = boost::system::result<T, Refusal>;

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

/// A failure of our disk: 507 also while it may pass, so that clients come again and operators see the reason.
inline Refusal disk_refusal(const Error& error) {
    return {507, error.message};
}

inline http::ServerResponse to_response(const Outcome<boost::json::value>& outcome) {
    if (outcome.has_value()) return http::ServerResponse::json(*outcome);
    return http::ServerResponse::error(outcome.error().status, outcome.error().message);
}

}  // namespace emeth::network
