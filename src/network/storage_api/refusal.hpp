// The refusals of the Storage API, beside those of every server.
#pragma once

#include "http/refusal.hpp"
#include "runtime/result.hpp"

namespace emeth::network {

using http::OrRefusal;
using http::Refusal;

/// A failure of our disk: 507 also when it may pass, so that clients come again and operators see the reason.
inline Refusal disk_refusal(const Error& error) {
    return {507, error.message};
}

}  // namespace emeth::network
