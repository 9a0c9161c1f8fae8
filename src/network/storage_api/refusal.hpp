// The refusals of the Storage API, in addition to those common to all servers.
#pragma once

#include "http/refusal.hpp"
#include "runtime/result.hpp"

namespace emeth::network {

using http::OrRefusal;
using http::Refusal;

/// A disk failure is 507 even when it may be temporary, so that clients retry and operators see the reason.
inline Refusal disk_refusal(const Error& error) {
    return {507, error.message};
}

}  // namespace emeth::network
