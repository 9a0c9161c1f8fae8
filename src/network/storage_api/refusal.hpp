// The refusals of the Storage API, in addition to those common to all servers.
#pragma once

#include <string>
#include <string_view>

#include "http/refusal.hpp"
#include "runtime/result.hpp"

namespace emeth::network {

using http::OrRefusal;
using http::Refusal;

/// `object`: "dataset/<name>" or "result/<name>".
inline Refusal cannot_be_replaced(std::string_view object) {
    return http::conflict(std::string(object) + " is complete and cannot be replaced");
}

/// A disk failure is 507 even when it may be temporary, so that clients retry and operators see the reason.
inline Refusal disk_refusal(const Error& error) {
    return {507, error.message};
}

}  // namespace emeth::network
