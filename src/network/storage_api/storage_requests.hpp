// What the endpoints read from the bodies of their requests. Like every getter of JsonObject, a reader that refuses a
// field records why, and nothing may be acted upon before the request's check() has passed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_client/verdict_reason.hpp"
#include "network/storage_api/upload_size.hpp"
#include "runtime/json_fields.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// A request's {sig, address, jobId, signedtime} and its other fields; not to be trusted before admit().
struct SignedRequest {
    /// Refers to `body`, which must outlive it.
    explicit SignedRequest(const boost::json::value& body);

    JsonObject fields;
    std::string signature;
    Address address;
    JobId job;
    std::int64_t signed_at_ms;
    /// Of one of our own endpoints: what must have been signed for it, once.
    void signed_once_for(const Hash256& own_digest) {
        digest = own_digest;
        times_max = 1;
    }

    Hash256 digest;  ///< what must have been signed: of published endpoints, JOB and time
    /// How often it counts; none: until it expires.
    std::optional<unsigned> times_max;
};

std::string read_upload_id(JsonObject& fields);
/// Of an upload that was opened before, if the request names one.
std::optional<std::string> read_known_upload_id(JsonObject& fields);
/// The index from 0 of the part from which on URLs are asked for.
std::uint32_t read_first_part(JsonObject& fields, const UploadSize& size);
std::string read_extension(JsonObject& fields);
/// Evidence is found by its JOB, the newest first, so that its name needs no digest; the manifest binds it.
std::optional<Hash256> read_digest(JsonObject& fields, std::string_view extension);
/// The ETags in the order of their parts, which must be 1, 2, 3, …
std::vector<std::string> read_etags(JsonObject& fields);
/// One that may be kept as it is: is_verdict_reason() holds of its text.
api_client::VerdictReason read_new_reason(JsonObject& fields);

}  // namespace emeth::network
