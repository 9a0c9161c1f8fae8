// Errors as values, for failures that are part of normal operation. Exceptions are for everything else.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace emeth {

enum class ErrorKind : std::uint8_t {
    transient,  ///< may succeed when retried: a timeout, a 503, a full disk
    permanent,  ///< cannot succeed with the same input
    canceled,   ///< given up on request
};

/// `message` names the object, the value and, if there is one, the remedy. It never contains a key.
struct Error {
    ErrorKind kind = ErrorKind::transient;
    std::string message;

    friend bool operator==(const Error&, const Error&) = default;
};

inline Error transient_error(std::string message) {
    return {ErrorKind::transient, std::move(message)};
}
inline Error permanent_error(std::string message) {
    return {ErrorKind::permanent, std::move(message)};
}
inline Error canceled_error(std::string message) {
    return {ErrorKind::canceled, std::move(message)};
}

/// "<context>: <message>", of the same kind.
inline Error in_context(std::string context, Error error) {
    return {error.kind, std::move(context) + ": " + error.message};
}

/// Thrown by Result::value() on an error, and by code that cannot return one (constructors).
class ErrorException : public std::runtime_error {
public:
    explicit ErrorException(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
    [[nodiscard]] const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw ErrorException(error);
}

/// Holds a T or an Error: has_value(), operator*, operator->, error(), value() (throws ErrorException).
template <class T = void>
using Result = boost::system::result<T, Error>;

}  // namespace emeth
