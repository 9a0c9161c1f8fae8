// Which extensions of ours a Storage API offers (docs/PROTOCOL.md). A node works without any of them, but each makes it
// safer.
#pragma once

#include "api_client/clock_offset.hpp"
#include "http/client.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::api_client {

struct StorageExtensions {
    bool upload_state = false;    ///< what lies there can be compared with what the worker trained
    bool evidence = false;        ///< results and evidence can be read back, as a verifier does
    bool verdict_reason = false;  ///< why a result was rejected
    Milliseconds latency{0};      ///< of the first answer
};

/// Sends each endpoint a request without any field, which one that is there refuses (400) before it does anything, and
/// a server without it does not know (404, 405, 501). `clock`, which must outlive the call, is told what time it is at
/// the server. An Error: it could not be reached, or answers 5xx.
Task<Result<StorageExtensions>> storage_extensions(http::Url base_url, NetworkClock* clock, Milliseconds timeout);

}  // namespace emeth::api_client
