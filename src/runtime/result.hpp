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

/// Who cannot be blamed for an error is not made to pay for it.
enum class Fault : std::uint8_t {
    unknown,
    service,  ///< the service that was asked says itself that it cannot answer now (HTTP 429 and 5xx)
    input,    ///< what was to be worked on, the same wherever it is tried
};

/// `message` names the object, the value and, if there is one, the remedy. It never contains a key.
struct Error {
    ErrorKind kind = ErrorKind::transient;
    std::string message;
    Fault fault = Fault::unknown;

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
/// Transient.
inline Error service_error(std::string message) {
    return {ErrorKind::transient, std::move(message), Fault::service};
}
/// Permanent.
inline Error input_error(std::string message) {
    return {ErrorKind::permanent, std::move(message), Fault::input};
}

/// "<context>: <message>", of the same kind and fault.
inline Error in_context(std::string context, Error error) {
    error.message = std::move(context) + ": " + error.message;
    return error;
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
